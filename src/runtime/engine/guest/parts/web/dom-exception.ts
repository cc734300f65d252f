// DOMException: an error whose name says what went wrong, with the numbers of old for those that have one.

const oldNames =
  'IndexSize DOMStringSize HierarchyRequest WrongDocument InvalidCharacter NoDataAllowed NoModificationAllowed NotFound NotSupported InUseAttribute InvalidState Syntax InvalidModification Namespace InvalidAccess Validation TypeMismatch Security Network Abort URLMismatch QuotaExceeded Timeout InvalidNodeType DataClone'.split(
    ' ',
  );

export class DOMException extends Error {
  readonly #name: string;

  constructor(message: unknown = '', options: unknown = 'Error') {
    const given =
      typeof options === 'object' && options !== null
        ? (options as { name?: unknown; cause?: unknown })
        : undefined;
    super(String(message), given !== undefined && 'cause' in given ? { cause: given.cause } : undefined);
    this.#name = String(given === undefined ? options : (given.name ?? 'Error'));
  }

  override get name(): string {
    return this.#name;
  }

  get code(): number {
    return this.#name.endsWith('Error') ? oldNames.indexOf(this.#name.slice(0, -5)) + 1 : 0;
  }
}

oldNames.forEach((name, index) => {
  const constant = { value: index + 1, enumerable: true };
  // `IndexSize` is the constant INDEX_SIZE_ERR.
  const words = name.replace(/(?<=[a-z])(?=[A-Z])|(?<=DOM|URL)(?=[A-Z])/g, '_').toUpperCase();
  const key = `${words.replace('DOM_STRING_SIZE', 'DOMSTRING_SIZE')}_ERR`;
  Object.defineProperty(DOMException, key, constant);
  Object.defineProperty(DOMException.prototype, key, constant);
});
Object.defineProperty(DOMException.prototype, Symbol.toStringTag, {
  value: 'DOMException',
  configurable: true,
});
