// The module `fs/promises`.
import fs from 'vmsys:fs';

export default fs.promises;
