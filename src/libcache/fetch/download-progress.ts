// How far a download of packages is: bytes of their files, of as many as the registry says that they have.

/** A bar that moves ten times a second moves smoothly, and a package may have thousands of files. */
const minIntervalMs = 100;

export class DownloadProgress {
  readonly #total: number | undefined;
  readonly #report: (done: number, total: number | undefined) => void;
  #reportedAt = 0;

  /** Reports the beginning at once. Without a total where one of the packages' sizes is not known. */
  constructor(
    packages: readonly { bytes: number | undefined }[],
    report: (done: number, total: number | undefined) => void,
  ) {
    this.#total = packages.reduce<number | undefined>(
      (sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
      0,
    );
    this.#report = report;
    this.at(0);
  }

  at(bytes: number): void {
    const now = performance.now();
    if (now - this.#reportedAt < minIntervalMs) return;
    this.#reportedAt = now;
    // What the registry says may be wrong: then the end comes late, but it is the end.
    this.#report(this.#total === undefined ? bytes : Math.min(bytes, this.#total), this.#total);
  }

  end(bytes: number): void {
    this.#report(this.#total ?? bytes, this.#total);
  }
}
