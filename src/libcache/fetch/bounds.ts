// The bounds of fetching, each with its reason. Past one of them comes a LibraryError that names it.

/** All packages of one library, unpacked in a temporary folder. */
export const maxUnpackedBytes = 200 * 1024 * 1024;

/** The packages of one library. Those that run in a sandbox have at most a few dozen. */
export const maxPackages = 500;

/** The files of one library's packages: each costs an inode and a write. */
export const maxFiles = 50_000;

/** Downloads at a time: enough to fill a line, few enough for a registry not to mind. */
export const maxDownloads = 8;

/** Without a byte for this long the registry counts as unreachable: somebody waits for the answer. */
export const registryIdleMs = 8_000;

/** How often a request is tried again. npm's own default waits for minutes where there is no network. */
export const registryRetries = 1;

/** How long to wait before that. */
export const registryRetryWaitMs = 300;

/** How many faults of a bundle are named in its error; the rest are counted. */
export const maxNamedFaults = 5;
