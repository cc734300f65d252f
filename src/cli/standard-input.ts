// Standard input to one text.
import { UsageFault } from './fault.js';

/** As much as one message to the daemon may hold. */
const maxBytes = 8 * 1024 * 1024;

/** All of standard input, as UTF-8. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    const buffer = Buffer.from(chunk as Uint8Array); // no encoding is set: chunks are bytes
    bytes += buffer.length;
    if (bytes > maxBytes) throw new UsageFault(`standard input has more than ${maxBytes} bytes`);
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
