import type { Place } from "./cells.ts";

/** A machine at fault: the daemon waits until it is mended. Anything else that the spool reports ends it. */
const MACHINE = {
  ENOSPC: "paused DISK_FULL",
  EROFS: "paused DISK_READ_ONLY",
  EIO: "ended IO_ERROR",
  EACCES: "ended IO_ERROR",
} as const;

/** Before there is anything to go on with. */
const AT_START = {
  ENOSPC: "ended DISK_FULL",
  EROFS: "ended DISK_READ_ONLY",
  EIO: "ended IO_ERROR",
  EACCES: "ended IO_ERROR",
} as const;

const { ENOSPC, EIO, EROFS } = MACHINE;
const EMFILE = "paused RESOURCES_SHORT";
/** So often, that it may be too often. */
const RETRIED = ["retried IO_ERROR", "retried IO_ERROR|failed IO_ERROR"] as const;

/** Calls of the daemon itself on its spool, and on outputs. */
export const DAEMON_PLACES: readonly Place[] = [
  { name: "owner, open", role: "openat spool/tmp/*.json → spool/run/owner.N.json", faults: AT_START },
  { name: "owner, fsync", role: "fsync spool/tmp/*.json → spool/run/owner.N.json", faults: AT_START },
  { name: "owner, link", role: "link spool/tmp/*.json → spool/run/owner.N.json", faults: AT_START },
  { name: "heartbeat, mkdir", role: "mkdir spool/run/daemon.lock", faults: AT_START },
  { name: "intake, rename", role: "rename spool/tasks/a cat N.json → spool/tmp/taken.*.a cat N.json", faults: MACHINE },
  {
    name: "intake, open",
    role: "openat spool/tmp/*.json → spool/tasks/N.json",
    faults: { ...MACHINE, EACCES: "ended SPOOL_FOREIGN", EMFILE },
  },
  { name: "intake, write", role: "write spool/tmp/*.json → spool/tasks/N.json", faults: { ENOSPC, EIO } },
  { name: "intake, fsync", role: "fsync spool/tmp/*.json → spool/tasks/N.json", faults: { ENOSPC, EIO } },
  { name: "intake, link", role: "link spool/tmp/*.json → spool/tasks/N.json", faults: MACHINE },
  { name: "intake, fsync of tasks", role: "fsync spool/tasks", faults: { ENOSPC, EIO } },
  {
    name: "intake, unlink of the drop",
    role: "unlink spool/tmp/taken.*.a cat N.json",
    faults: { EIO: "absorbed", EROFS: "absorbed" },
  },
  { name: "sequence, rename", role: "rename spool/run/sequence.N → spool/run/sequence.N", faults: MACHINE },
  {
    name: "rejection, open",
    role: "openat spool/tmp/*.json → spool/rejected/broken.json.reason.json",
    faults: { ...MACHINE, EMFILE },
  },
  {
    name: "rejection, fsync",
    role: "fsync spool/tmp/*.json → spool/rejected/broken.json.reason.json",
    faults: { ENOSPC, EIO },
  },
  { name: "rejection, rename", role: "rename spool/tasks/broken.json → spool/rejected/broken.json", faults: MACHINE },
  { name: "claim, rename", role: "rename spool/tasks/N.json → spool/active/N.aN.json", faults: MACHINE },
  { name: "claim, fsync of active", role: "fsync spool/active", faults: { ENOSPC, EIO } },
  { name: "mark, write", role: "pwrite64 spool/run/begun", faults: { ENOSPC: "absorbed", EIO: "absorbed" } },
  {
    name: "publication, link of the old",
    role: "link out/FILE → out/.*.tmp.old",
    faults: { ENOSPC, EROFS, EIO: RETRIED, EACCES: "failed OUTPUT_UNWRITABLE" },
  },
  {
    name: "publication, rename",
    role: "rename out/.*.tmp → out/FILE",
    faults: { ENOSPC, EROFS, EIO: RETRIED, EACCES: "failed OUTPUT_UNWRITABLE" },
  },
  { name: "publication, fsync of the directory", role: "fsync out", faults: { ENOSPC, EIO: RETRIED } },
  { name: "receipt, open", role: "openat spool/tmp/*.json → spool/done/N.json", faults: { ...MACHINE, EMFILE } },
  { name: "receipt, write", role: "write spool/tmp/*.json → spool/done/N.json", faults: { ENOSPC, EIO } },
  { name: "receipt, fsync", role: "fsync spool/tmp/*.json → spool/done/N.json", faults: { ENOSPC, EIO } },
  { name: "receipt, link", role: "link spool/tmp/*.json → spool/done/N.json", faults: MACHINE },
  { name: "receipt, fsync of done", role: "fsync spool/done", faults: { ENOSPC, EIO, SLOW: "absorbed" } },
  { name: "end, unlink of the claim", role: "unlink spool/active/N.aN.json", faults: { EROFS, EIO } },
  {
    name: "failure, open",
    role: "openat spool/tmp/*.json → spool/failed/N.reason.json",
    faults: { ...MACHINE, EMFILE },
  },
  { name: "failure, fsync", role: "fsync spool/tmp/*.json → spool/failed/N.reason.json", faults: { ENOSPC, EIO } },
  { name: "failure, rename", role: "rename spool/active/N.aN.json → spool/failed/N.json", faults: MACHINE },
  { name: "failure, fsync of failed", role: "fsync spool/failed", faults: { ENOSPC, EIO } },
  {
    name: "deferral, open of the record",
    role: "openat spool/tmp/*.json → spool/run/attempts/N.json",
    faults: { ...MACHINE, EMFILE },
  },
  {
    name: "deferral, fsync of the record",
    role: "fsync spool/tmp/*.json → spool/run/attempts/N.json",
    faults: { ENOSPC, EIO },
  },
  { name: "deferral, rename", role: "rename spool/active/N.aN.json → spool/deferred/N.N.aN.json", faults: MACHINE },
  { name: "deferral, fsync of deferred", role: "fsync spool/deferred", faults: { ENOSPC, EIO } },
  {
    name: "schedule, open of the record",
    role: "openat spool/tmp/*.json → spool/run/schedule/nightly.json",
    faults: { ...MACHINE, EMFILE },
  },
  {
    name: "schedule, fsync of the record",
    role: "fsync spool/tmp/*.json → spool/run/schedule/nightly.json",
    faults: { ENOSPC, EIO },
  },
  { name: "pruning, write", role: "write spool/run/pruned-at", faults: { ENOSPC: "absorbed", EIO: "absorbed" } },
];
