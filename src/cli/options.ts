/** Options that every command has. */
export interface CommonOptions {
  /** The spool directory as given; `SPOOLD_DIR`, else `spool`, where it was not. */
  readonly spool: string;
}

/** Options of commands that print data. */
export interface JsonOptions extends CommonOptions {
  readonly json?: true;
}
