import { readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { basename } from "node:path";
import sharp from "sharp";
import { judgeKind } from "../../src/cli/doctor/file-systems.ts";

/** What the figures were measured on: without it they mean nothing. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryMib: number;
  readonly platform: string;
  readonly kernel: string;
  /** Where temporary directories lie: ext4 without a journal syncs sooner, and makes files later where some were removed. */
  readonly fileSystem: string;
  readonly node: string;
  readonly sharp: string;
  readonly libvips: string;
  /** Processes that wanted to run in the minute before the bench: above 0.5 others use the machine too. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cores: all.length,
    cpu: all[0]?.model ?? "unknown",
    memoryMib: Math.round(totalmem() / 1024 / 1024),
    platform: process.platform,
    kernel: release(),
    fileSystem: `${judgeKind(statfsSync(tmpdir()).type).tells}${isWithoutJournal(tmpdir()) ? " without a journal" : ""}`,
    node: process.versions.node,
    sharp: sharp.versions.sharp ?? "unknown",
    libvips: sharp.versions.vips,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** As Linux tells of ext4; false where it tells nothing. */
function isWithoutJournal(directory: string): boolean {
  try {
    const { dev } = statSync(directory);
    const device = basename(readlinkSync(`/sys/dev/block/${dev >> 8}:${dev & 255}`));
    return readFileSync(`/sys/fs/ext4/${device}/journal_task`, "utf8").trim() === "<none>";
  } catch {
    return false;
  }
}

/** The machine in two lines. */
export function machineText(machine: Machine): string {
  const { cores, cpu, memoryMib, platform, kernel, fileSystem, node, sharp: version, libvips, loadBefore } = machine;
  const hardware = `${cores} x ${cpu}, ${memoryMib} MiB, ${platform} ${kernel}, ${fileSystem}`;
  return `${hardware}\nNode ${node}, sharp ${version}, libvips ${libvips}, load before ${loadBefore.toFixed(1)}\n`;
}
