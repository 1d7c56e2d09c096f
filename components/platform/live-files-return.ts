/** Where live files are. */
export interface LiveFilesPlace {
  /** Name of the workload that reads the files. */
  readonly reader: string;
  /** Where it mounts them. */
  readonly mountPath: string;
}

export interface ReturnArgs extends LiveFilesPlace {
  /** Command that makes it take up the current version. */
  readonly reload: readonly string[];
  /**
   * Command that succeeds once that version is in force.
   *
   * @default - the version is in force as soon as the reload has succeeded
   */
  readonly verify?: readonly string[];
  /**
   * Time for all of it, ms.
   *
   * @default 30000
   */
  readonly timeoutMs?: number;
}

export interface Returned {
  /** False if the files were those of the version before already. */
  readonly moved: boolean;
  /** False if the reader does not run; it starts with the version before then. */
  readonly inForce: boolean;
  readonly ms: number;
}

/**
 * The way back of live files without the engine that changed them: for the moment between a bad verdict and the formal
 * rollback, which finds its work done. One implementation per platform.
 */
export interface LiveFilesReturn {
  /** Version of the live files that is current; undefined if there is none, or no such reader. */
  currentVersion(place: LiveFilesPlace): Promise<string | undefined>;
  /**
   * Makes the version before the current one current again and reloads the reader. Doing it twice does it once; where
   * there is no version before, nothing changes.
   *
   * @throws when the reader refuses the version or does not take it up in time.
   */
  returnToPrevious(args: ReturnArgs): Promise<Returned>;
}
