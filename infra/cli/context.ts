/** What every command gets from the command line. */
export interface CommandContext {
  /** Absolute path of the project. */
  readonly rootDir: string;
  readonly stack: string;
  readonly json: boolean;
  /** Do not ask; implied without a terminal. */
  readonly yes: boolean;
  /** `path=value` of every `--set`. */
  readonly sets: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Result of the command. */
  readonly out: (text: string) => void;
  /** Progress and announcements; kept apart, so that `--json` output stays JSON. */
  readonly note: (text: string) => void;
  /** One line below everything that says what goes on right now; undefined takes it away. Absent without a terminal. */
  readonly status?: (text: string | undefined) => void;
}

export const defaultStack = "staging";
