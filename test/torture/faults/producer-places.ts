import type { Place } from "./cells.ts";

const ANY = {
  ENOSPC: "rejected DISK_FULL",
  EROFS: "rejected DISK_READ_ONLY",
  EIO: "rejected IO_ERROR",
  EACCES: "rejected IO_ERROR",
} as const;
const { ENOSPC, EIO } = ANY;
const EMFILE = "rejected RESOURCES_SHORT";

/** Calls of a producer, from making the spool to the last unlink. */
export const PRODUCER_PLACES: readonly Place[] = [
  { name: "new spool, mkdir", role: "mkdir spool/tasks", faults: ANY },
  { name: "new spool, fsync", role: "fsync spool", faults: { ENOSPC, EIO } },
  { name: "new spool, rename", role: "rename spool/tmp/run-* → spool/run", faults: ANY },
  {
    name: "commit, open",
    role: "openat spool/tmp/*.json → spool/tasks/N.json",
    faults: { ...ANY, EACCES: "rejected SPOOL_FOREIGN", EMFILE },
  },
  { name: "commit, write", role: "write spool/tmp/*.json → spool/tasks/N.json", faults: { ENOSPC, EIO } },
  { name: "commit, fsync", role: "fsync spool/tmp/*.json → spool/tasks/N.json", faults: { ENOSPC, EIO } },
  { name: "commit, lock", role: "mkdir spool/run/add.lock", faults: ANY },
  { name: "commit, sequence", role: "rename spool/run/sequence.N → spool/run/sequence.N", faults: ANY },
  { name: "commit, link", role: "link spool/tmp/*.json → spool/tasks/N.json", faults: ANY },
  { name: "commit, fsync of tasks", role: "fsync spool/tasks", faults: { ENOSPC, EIO, SLOW: "absorbed" } },
  { name: "commit, unlink", role: "unlink spool/tmp/*.json", faults: { EIO: "absorbed", EROFS: "absorbed" } },
  { name: "mark, symlink", role: "symlink spool/run/dedupe/KEY", faults: ANY },
  { name: "mark, open", role: "openat spool/run/batches/pictures/N", faults: { ...ANY, EMFILE } },
  { name: "mark, fsync", role: "fsync spool/run/dedupe", faults: { ENOSPC, EIO } },
];
