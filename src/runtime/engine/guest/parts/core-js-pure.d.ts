// The polyfills that the part `url` takes from core-js, which brings no types.
declare module 'core-js-pure/actual/url' {
  const constructor: { prototype: object };
  export default constructor;
}
declare module 'core-js-pure/actual/url-search-params' {
  const constructor: { prototype: object };
  export default constructor;
}
