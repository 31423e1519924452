import { describe, expect, it } from "vitest";
import { envName, resolveSettings, SETTINGS, type SettingSources, type Settings } from "../src/config.ts";
import { SpooldError } from "../src/errors.ts";

type SettingName = keyof Settings;

const context = { cores: 4, workingDirectory: "/work" };
const names = Object.keys(SETTINGS) as SettingName[];

/** For each setting four values, as flags, environment, file and defaults give them, and one that is refused. */
const EXAMPLES: { readonly [Name in SettingName]: { flag: unknown; env: string; file: unknown; bad: unknown } } = {
  concurrency: { flag: "2", env: "3", file: 5, bad: 257 },
  roots: { flag: ["a", "b"], env: "c:d", file: ["e"], bad: [] },
  timeoutMs: { flag: "2", env: "3", file: 4, bad: 0 },
  strict: { flag: true, env: "true", file: true, bad: "maybe" },
  maxAttempts: { flag: "3", env: "4", file: 6, bad: 0 },
  maxCrashes: { flag: "3", env: "4", file: 5, bad: "1.5" },
  backoffMs: { flag: "0", env: "3", file: 4, bad: "1s" },
  backoffMaxMs: { flag: "0", env: "3", file: 4, bad: -1 },
  maxAlike: { flag: "0", env: "3", file: 4, bad: 0.5 },
  maxInputPixels: { flag: "2", env: "3", file: 4, bad: "1e3" },
  maxInputBytes: { flag: "2", env: "3", file: 4, bad: -1 },
  workerMemory: { flag: "134217728", env: "134217729", file: 134_217_730, bad: 1 },
  recycleTasks: { flag: "2", env: "3", file: 4, bad: 0 },
  recycleBytes: { flag: "134217728", env: "134217729", file: 134_217_730, bad: "1G" },
  maxInputFrames: { flag: "2", env: "3", file: 4, bad: 0 },
  maxProgressivePixels: { flag: "2", env: "3", file: 4, bad: "12MP" },
  maxOutputSide: { flag: "2", env: "3", file: 4, bad: 65_536 },
  inputFormats: { flag: ["jpeg"], env: "png,svg", file: ["webp"], bad: ["heic"] },
  keepDoneMs: { flag: "0", env: "3", file: 4, bad: "30d" },
  keepDoneCount: { flag: "0", env: "3", file: 4, bad: 1e10 },
  keepDoneBytes: { flag: "0", env: "3", file: 4, bad: "1G" },
  keepFreshMs: { flag: "0", env: "3", file: 4, bad: -1 },
  handlers: { flag: "a", env: "b", file: "c", bad: "" },
  settleMs: { flag: "0", env: "3", file: 4, bad: "1s" },
  rejectAfterMs: { flag: "0", env: "3", file: 4, bad: " 1" },
  rescanMs: { flag: "20", env: "30", file: 40, bad: 9 },
  watch: { flag: "poll", env: "auto", file: "poll", bad: "never" },
  logFile: { flag: "a", env: "b", file: "c", bad: "" },
  errorFile: { flag: "a", env: "b", file: "c", bad: "a\0b" },
  logLevel: { flag: "debug", env: "warn", file: "error", bad: "loud" },
};

/** What a list becomes that the environment holds as text. */
const LISTS: { readonly [Name in SettingName]?: unknown } = {
  roots: ["c", "d"],
  inputFormats: ["png", "svg"],
  strict: true,
};

function resolve(sources: Partial<SettingSources>): Settings {
  return resolveSettings({ flags: {}, env: {}, file: undefined, ...sources }, context);
}

function faultOf(sources: Partial<SettingSources>): SpooldError {
  try {
    resolve(sources);
  } catch (error) {
    if (error instanceof SpooldError) return error;
  }
  throw new Error("no SpooldError was thrown");
}

/** A value as the settings hold it: whole numbers are read from text. */
function read(value: unknown): unknown {
  return typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
}

describe.each(names)("the setting %s", (name) => {
  const { flag, env, file, bad } = EXAMPLES[name];
  const variable = envName(SETTINGS[name].flag);
  const fromEnv = LISTS[name] ?? read(env);

  it("comes from its flag, else the environment, else spoold.json, else its default", () => {
    const all = { flags: { [name]: flag }, env: { [variable]: env }, file: { [name]: file } };
    expect(resolve(all)[name]).toEqual(read(flag));
    expect(resolve({ ...all, flags: {} })[name]).toEqual(fromEnv);
    expect(resolve({ file: all.file })[name]).toEqual(file);
    expect(resolve({})[name]).toEqual(SETTINGS[name].fallback(context));
  });

  it("names where a bad value was set, and what is accepted there", () => {
    const accepts = SETTINGS[name].accepts;
    const facts = (setting: string): object => ({ code: "CONFIG_INVALID", facts: { setting, value: bad, accepts } });
    expect(faultOf({ flags: { [name]: bad } })).toMatchObject(facts(`--${SETTINGS[name].flag}`));
    expect(faultOf({ file: { [name]: bad } })).toMatchObject(facts(`spoold.json: ${name}`));
    const inEnv = faultOf({ env: { [variable]: name === "roots" ? "a::b" : String(bad) } });
    expect(inEnv.facts["setting"]).toBe(variable);
  });

  it("has a flag in kebab case and says what it does", () => {
    expect(SETTINGS[name].flag).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(SETTINGS[name].tells).not.toBe("");
  });
});

describe("the settings file", () => {
  it.each([[[]], [null], ["text"], [1]])("must be one object, not %j", (file) => {
    expect(faultOf({ file }).facts).toMatchObject({ setting: "spoold.json" });
  });

  it("may not hold a member that is no setting", () => {
    expect(faultOf({ file: { concurency: 2 } }).facts).toMatchObject({ setting: "spoold.json: concurency" });
    expect(faultOf({ file: JSON.parse('{"__proto__": {}}') }).facts["setting"]).toBe("spoold.json: __proto__");
    expect(faultOf({ file: { toString: 1 } }).exitCode).toBe(78);
  });
});

describe("an environment variable", () => {
  it("is named after the flag", () => {
    expect(envName("max-input-pixels")).toBe("SPOOLD_MAX_INPUT_PIXELS");
  });

  it("belongs to one setting only", () => {
    expect(new Set(names.map((name) => envName(SETTINGS[name].flag))).size).toBe(names.length);
  });
});

describe("defaults", () => {
  it("are one worker per core and the working directory as the only root", () => {
    expect(resolve({})).toMatchObject({ concurrency: 4, roots: ["/work"], logFile: null, logLevel: "info" });
  });

  it("would be accepted as values", () => {
    const settings = resolve({});
    const given = names.filter((name) => settings[name] !== null).map((name) => [name, settings[name]]);
    expect(resolve({ file: Object.fromEntries(given) })).toEqual(settings);
  });
});
