// The module `path`, with Node's POSIX functions.
import path from 'path-browserify';

export default path;
