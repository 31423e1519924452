import { cpus, loadavg, release, totalmem } from "node:os";
import sharp from "sharp";

/** What the figures were measured on: without it they mean nothing. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryMib: number;
  readonly platform: string;
  readonly kernel: string;
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
    node: process.versions.node,
    sharp: sharp.versions.sharp ?? "unknown",
    libvips: sharp.versions.vips,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** The machine in two lines. */
export function machineText(machine: Machine): string {
  const { cores, cpu, memoryMib, platform, kernel, node, sharp: version, libvips, loadBefore } = machine;
  const hardware = `${cores} x ${cpu}, ${memoryMib} MiB, ${platform} ${kernel}`;
  return `${hardware}\nNode ${node}, sharp ${version}, libvips ${libvips}, load before ${loadBefore.toFixed(1)}\n`;
}
