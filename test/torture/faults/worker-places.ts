import type { Place } from "./cells.ts";

const WRITING = {
  ENOSPC: "paused DISK_FULL",
  EROFS: "paused DISK_READ_ONLY",
  EIO: ["retried IO_ERROR", "retried IO_ERROR|failed IO_ERROR"],
  EACCES: "failed OUTPUT_UNWRITABLE",
} as const;
const { ENOSPC, EIO } = WRITING;
const EMFILE = "paused RESOURCES_SHORT";

/** Calls of a worker on temporaries of outputs. */
export const WORKER_PLACES: readonly Place[] = [
  { name: "output, open", role: "openat out/.*.tmp.early → out/.*.tmp", faults: { ...WRITING, EMFILE } },
  { name: "output, write", role: "write out/.*.tmp.early → out/.*.tmp", faults: { ENOSPC, EIO } },
  { name: "output, fsync", role: "fsync out/.*.tmp.early → out/.*.tmp", faults: { ENOSPC, EIO, SLOW: "absorbed" } },
  { name: "output, rename", role: "rename out/.*.tmp.early → out/.*.tmp", faults: WRITING },
  { name: "tiles, mkdir", role: "mkdir out/.*.tmp.early → out/.*.tmp", faults: WRITING },
  { name: "tiles, fsync", role: "fsync out/.*.tmp.early/tiles_files", faults: { ENOSPC, EIO } },
];
