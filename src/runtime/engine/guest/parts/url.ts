// The part `url`: URL and URLSearchParams, shown by the console as Node shows them.
import URL from 'core-js-pure/actual/url';
import URLSearchParams from 'core-js-pure/actual/url-search-params';

const shownParts = [
  'href',
  'origin',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'searchParams',
  'hash',
] as const;

tools.showAs(URL.prototype, (url, inspect) => {
  const shown = Object.fromEntries(shownParts.map((part) => [part, (url as Record<string, unknown>)[part]]));
  return `URL ${inspect(shown)}`;
});

tools.showAs(URLSearchParams.prototype, (params, inspect) => {
  const pairs = [...(params as Iterable<[string, string]>)];
  const texts = pairs.map(([name, value]) => `${inspect(name)} => ${inspect(value)}`);
  return texts.length === 0 ? 'URLSearchParams {}' : `URLSearchParams { ${texts.join(', ')} }`;
});

export { URL, URLSearchParams };
