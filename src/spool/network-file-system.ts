import { dirname } from "node:path";
import { directSystem } from "../direct-system.ts";
import { ignoring, type System } from "../system.ts";

/** Whether a directory lies on another machine: its events stay unseen here, and a call may take as long as it likes. */
export async function isNetworkFileSystem({ fs }: System, directory: string): Promise<boolean> {
  return NETWORK_MAGIC.has((await fs.statfs(directory)).type >>> 0);
}

/**
 * The fastest system for work on a directory, which need not be there yet.
 * @param system taken where a call may last
 * @param directory absolute
 */
export async function fastestSystem(system: System, directory: string): Promise<System> {
  for (let place = directory; ; place = dirname(place)) {
    const isNetwork = await ignoring(["ENOENT"], isNetworkFileSystem(system, place));
    if (isNetwork !== undefined) return isNetwork ? system : directSystem();
  }
}

/** Linux `statfs` magic numbers: nfs, smb, cifs, smb2, fuse, 9p, afs, ceph. */
const NETWORK_MAGIC: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x5346414f, 0x00c36400,
]);
