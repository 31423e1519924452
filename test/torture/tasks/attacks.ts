/** Tasks whose paths and names want out of the roots, each spelling in each place where one may stand. */

export interface Attack {
  readonly index: number;
  readonly slot: string;
  readonly spelling: string;
  /** The text of its file. */
  readonly text: string;
}

/** Where a path or a name may stand in a task. @param is what a spelling has made of a file's name */
const SLOTS: Readonly<Record<string, (is: (file: string) => string, index: number) => unknown>> = {
  source: (is, index) => ({ source: is("in.jpg"), outputs: [{ file: `made/${index}.jpg`, width: 20 }] }),
  output: (is) => ({ source: "safe.jpg", outputs: [{ file: is("new.jpg"), format: "jpeg", width: 20 }] }),
  replaced: (is) => ({ source: "safe.jpg", outputs: [{ file: is("kept.jpg"), format: "jpeg", width: 20 }] }),
  overlay: (is, index) => composite(is("in.jpg"), index),
  pyramid: (is) => ({ source: "safe.jpg", outputs: [{ file: is("tiles.dzi"), tile: { size: 16 } }] }),
  folder: (is) => ({
    source: "safe.jpg",
    outputs: [{ file: is("below"), format: "jpeg", tile: { layout: "google" } }],
  }),
  recipe: (is) => ({ source: "safe.jpg", recipe: is("recipe") }),
  var: (is) => ({ source: "safe.jpg", recipe: "album", vars: { album: is("") } }),
  "source of a recipe": (is) => ({ source: is("in.jpg"), recipe: "album", vars: { album: "made" } }),
  handler: (is) => ({ handler: is("handler") }),
  reads: (is) => ({ handler: "note", reads: [is("in.jpg")], writes: [is("new.jpg")] }),
  "directory of a sync": (is) => ({ handler: "sync", data: { from: is("below"), recipe: "album", remove: true } }),
  "recipe of a sync": (is) => ({ handler: "sync", data: { from: "made", recipe: is("recipe") } }),
  batch: (is) => ({ ...safe("batch"), batch: is("x"), afterBatch: is("y"), dedupe: is("z") }),
};

/** Ways to write a file of the tree outside, or of what else a task must not reach. @param outside an absolute path */
function spellings(outside: string): Readonly<Record<string, (file: string) => string>> {
  const plain: Readonly<Record<string, string>> = {
    ...{ "up and over": "../outside/", "dot first": "./../outside/", "by a directory": "made/../../outside/" },
    ...{ "by a file": "safe.jpg/../../outside/", "by nothing": "nothing/../../outside/", doubled: "..//outside//" },
    ...{ link: "out/", "link with dots": "./out/./", "back out of a link": "out/below/../", "deep link": "made/out/" },
    ...{
      "chain of links": "chain/",
      "link and up": "out/../outside/",
      absolute: `${outside}/`,
      slashes: `//${outside}/`,
    },
    ...{
      "above the root": `${"../".repeat(300)}${outside}/`,
      "root and up": `/..${outside}/`,
      proc: `/proc/self/root${outside}/`,
    },
    ...{
      "proc cwd": "/proc/self/cwd/../outside/",
      "proc 1": `/proc/1/root${outside}/`,
      "proc fd": "/proc/self/fd/1/../",
    },
    ...{
      url: `file://${outside}/`,
      home: "~/../outside/",
      variable: "$PWD/../outside/",
      command: "$(pwd)/../outside/",
    },
    ...{ backslashes: "..\\outside\\", percent: "%2e%2e/outside/", "percent slash": "..%2foutside%2f" },
    ...{
      "wide dots": "．．/outside/",
      "division slash": "..∕outside∕",
      leader: "‥/outside/",
      joiner: ".\u200b./outside/",
    },
    ...{
      "wrong utf-8": "\ud800/../../outside/",
      feed: "..\n/outside/",
      escape: "\u001b[2J../outside/",
      spool: "spool/tasks/",
    },
    ...{
      settings: "spool/../spool/",
      handlers: "spool/handlers/",
      loop: "loop/",
      temporary: ".spoold-",
      option: "-rf ",
    },
    ...{
      braces: "{dir}/../outside/",
      "brace var": "{album}/../../outside/",
      long: `${"a".repeat(300)}/`,
      deep: "a/".repeat(2_000),
    },
  };
  const fixed: Readonly<Record<string, string>> = {
    ...{ empty: "", dot: ".", dots: "..", root: "/", pipe: "pipe.jpg", device: "device.jpg", zero: "/dev/zero" },
    ...{ stdin: "/dev/stdin", descriptor: "/dev/fd/0", environment: "/proc/self/environ", memory: "/proc/self/mem" },
    ...{ accounts: "/etc/passwd", leak: "leak.jpg", "hard link": "hard.jpg", socket: "spool/run/spoold.sock" },
    ...{
      receipts: "spool/done/1.json",
      own: "spool/spoold.json",
      directory: "made",
      prototype: "__proto__",
      huge: "a".repeat(5_000),
    },
  };
  const from = (prefix: string) => (file: string) => `${prefix}${file}`;
  return {
    ...Object.fromEntries(Object.entries(plain).map(([name, prefix]) => [name, from(prefix)])),
    ...Object.fromEntries(Object.entries(fixed).map(([name, path]) => [name, () => path])),
    "slash behind": (file) => `out/${file}/`,
    "dot behind": (file) => `out/${file}/.`,
    nul: (file) => `../outside/${file}\u0000.jpg`,
    "nul first": (file) => `safe.jpg\u0000/../../outside/${file}`,
    loader: (file) => `safe.jpg[page=0]/../../outside/${file}`,
    coder: (file) => `msl:../outside/${file}`,
    pipeline: (file) => `|cat ../outside/${file}`,
  };
}

/** A file that is a link of an attack's own making stays readable by its second name: that is what a hard link is. */
const READABLE = new Set(["hard link"]);

/** All attacks. @param outside the tree outside, absolute */
export function attacksOn(outside: string): readonly Attack[] {
  const ways = Object.entries(spellings(outside));
  const all = Object.entries(SLOTS).flatMap(([slot, task]) =>
    ways
      .filter(([spelling]) => !READABLE.has(spelling) || ["output", "replaced"].includes(slot))
      .map(([spelling, is]) => ({ slot, spelling, task: (index: number) => task(is, index) })),
  );
  return all.map(({ slot, spelling, task }, index) => ({ index, slot, spelling, text: JSON.stringify(task(index)) }));
}

function composite(input: string, index: number): unknown {
  const steps = [{ composite: { input } }];
  return { source: "safe.jpg", outputs: [{ file: `made/over-${index}.jpg`, width: 40, steps }] };
}

function safe(name: string): object {
  return { source: "safe.jpg", outputs: [{ file: `made/${name}.jpg`, width: 20 }] };
}
