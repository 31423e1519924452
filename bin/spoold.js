#!/usr/bin/env node
const [major, minor] = process.versions.node.split(".").map(Number);
const isOldNode = major < 20 || (major === 20 && minor < 19);

if (process.platform === "win32" || isOldNode) {
  process.stderr.write(
    `spoold: this platform is not supported (${process.platform}, Node ${process.versions.node})\n` +
      "  hint: spoold needs Linux or macOS, and Node 20.19 or newer\n",
  );
  process.exitCode = 78;
} else {
  const { main } = await import("../dist/cli/program.js");
  process.exitCode = await main(process.argv);
}
