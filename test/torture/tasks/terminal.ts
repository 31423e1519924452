/** What a task says of itself, on a real terminal: no control character of it may come through. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openSpool } from "../../../src/index.ts";
import { layoutOf } from "../../../src/spool/layout.ts";
import { cleanEnvironment } from "../../support/cli.ts";
import { placeModule } from "../../support/handlers.ts";
import { placePicture } from "../../support/spool.ts";
import type { TortureReport } from "../torture-context.ts";

const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));

/** Titles of windows, colours, a cleared screen, a beep, a line drawn over, text turned round: with a word behind each. */
const TRICKS = [
  ...[
    "\u001b]0;PWNED\u0007",
    "\u001b[6;7;31mPWNED",
    "\u001b[2JPWNED",
    "\u009b31mPWNED",
    "\u0007PWNED",
    "\u0008\u0008PWNED",
  ],
  ...["\rPWNED", "\nPWNED", "\u001bPWNED", "\u001b(0PWNED", "\u202ePWNED", "\u2066PWNED", "\u2028PWNED", "\u0085PWNED"],
  ...[
    "\u007fPWNED",
    "\u001b[?1049hPWNED",
    "\u001b[>cPWNED",
    "\u001bP+q\u001b\\PWNED",
    "\\u001b[2JPWNED",
    "\\x1b[2JPWNED",
  ],
];

/** Nothing that the program draws itself: it moves, colours and clears by `ESC [`, and never right before a word of a task. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f\u2028\u2029\p{Bidi_Control}]|\u001b(?!\[)|\u001b\[[\d;?>]*[a-zA-Z]PWNED|[\r\n]PWNED/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what it looks for
const OWN_ESCAPES = /\u001b\[[?]?[\d;]*[a-zA-Z]/g;

/** Commands as a shell reads them, after `spoold`; `#` stands for the number of a task that has ended. */
const COMMANDS = [
  ...[
    "list",
    "list --json",
    "list failed",
    "list done",
    "list held",
    "list rejected",
    "show #",
    "show # --json",
    "status",
  ],
  ...["status --json", "top", "wait #", "wait # --json", "check", "check --json", "qshape"],
  ...["plan hostile.json", "add hostile.json", "retry #", "cancel #", "prune --dry-run", "show 999"],
];

/** @param every one in so many commands is run */
export async function drawOnTerminals(directory: string, every = 1): Promise<TortureReport> {
  const { failed } = await prepare(directory);
  const faults: string[] = [];
  let drawn = 0;
  const commands = ["start --once --settle 20 --reject-after 20 --max-attempts 1 --concurrency 1 --log-level debug"];
  commands.push(
    ...COMMANDS.filter((_command, index) => index % every === 0).map((one) => one.replace("#", `${failed}`)),
  );
  let words = 0;
  for (const command of commands) {
    const line = `stty cols 200 rows 50; timeout --foreground ${command === "top" ? 2 : 60} "${process.execPath}" "${BIN}" ${command}`;
    for (const [kind, text] of [
      ["terminal", await onTerminal(directory, line)],
      ["pipe", await inPipe(directory, line)],
    ] as const) {
      drawn += text.length;
      words += text.split("PWNED").length - 1;
      const found = UNSAFE.exec(kind === "pipe" ? text.replace(OWN_ESCAPES, "\u0000") : text);
      if (found !== null)
        faults.push(
          `${command} on a ${kind}: ${JSON.stringify(text.slice(Math.max(0, found.index - 60), found.index + 60))}`,
        );
    }
  }
  // Where nothing of a task is drawn, nothing is shown either.
  if (words < commands.length) faults.push(`the words of tasks were drawn ${words} times only`);
  return { faults, counts: {}, figures: { commands: commands.length, drawnCharacters: drawn, wordsDrawn: words } };
}

async function prepare(directory: string): Promise<{ failed: number }> {
  await mkdir(directory, { recursive: true });
  await placePicture(join(directory, "quick.jpg"));
  const spool = await openSpool(join(directory, "spool"));
  const layout = layoutOf(spool.directory);
  await placeModule(
    layout.handlers,
    "loud.mjs",
    `export default async ({ data }, { log, progress }) => {
      for (const trick of data) { log(trick, { [trick]: trick }); progress(0.5, trick); }
      throw Object.assign(new Error(data.join("")), { permanent: true });
    };`,
  );
  const all = TRICKS.join(" ");
  let failed = 0;
  for (const [index, trick] of TRICKS.entries()) {
    const who = { supplicant: trick, summary: `${trick} ${all}` };
    const file = `made-${trick.replaceAll(/[\0/]/g, "")}.jpg`;
    await spool.enqueue({ source: "quick.jpg", outputs: [{ file, width: 9 }], ...who }, { sizes: false });
    failed = (await spool.enqueue({ source: `gone${trick}`, outputs: [{ file: "a.jpg" }], ...who }, { sizes: false }))
      .number;
    const name = trick.replaceAll("/", "").slice(0, 80);
    await writeFile(join(layout.tasks, `${name}${index}.json`), `{"${trick}": "${trick}"`);
    await writeFile(join(layout.tasks, `${name}${index}-b.json`), JSON.stringify({ [trick]: trick, source: [trick] }));
    await writeFile(join(layout.tasks, `${name}${index}.txt`), trick);
    const held = { source: "quick.jpg", outputs: [{ file: "held.jpg" }], key: "0".repeat(64), ...who };
    await writeFile(join(layout.held, `${9_000 + index}.json`), JSON.stringify(held));
  }
  await spool.enqueue({ handler: "loud", data: TRICKS, summary: all });
  await writeFile(
    join(directory, "hostile.json"),
    JSON.stringify({ [all]: all, source: all, outputs: [{ file: all }] }),
  );
  return { failed };
}

/** On a pseudo terminal, as `script` of util-linux makes one. */
async function onTerminal(directory: string, line: string): Promise<string> {
  const env = cleanEnvironment({ TERM: "xterm", SHELL: "/bin/bash" });
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let drawn = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    drawn += text;
  });
  await once(child, "close");
  return drawn;
}

async function inPipe(directory: string, line: string): Promise<string> {
  const options = { cwd: directory, env: cleanEnvironment(), maxBuffer: 2 ** 26, shell: "/bin/bash" };
  const { stdout, stderr } = await promisify(execFile)(`${line} 2>&1; true`, [], options);
  return stdout + stderr;
}
