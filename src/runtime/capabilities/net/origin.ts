// The text of an origin into the one way to write it: scheme, host and port, a default port left out.

/** What an origin looks like before its host and port are looked at: no path, no credentials, no wildcard. */
const shape = /^https?:\/\/[^\s/\\?#@*]+\/?$/i;

/** `https://api.example.com:8443`, in lower case; `undefined` for what is no origin of http or https. */
export function parseOrigin(text: string): string | undefined {
  return shape.test(text) && URL.canParse(text) ? new URL(text).origin : undefined;
}
