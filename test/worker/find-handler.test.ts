import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { realSystem, type System } from "../../src/system.ts";
import { findHandler } from "../../src/worker/handlers/find.ts";
import { newDirectory } from "../support/directories.ts";
import { placeModule } from "../support/handlers.ts";

const system = realSystem();
let root: string;
let handlers: string;

beforeEach(async () => {
  root = await newDirectory();
  handlers = join(root, "handlers");
  await placeModule(handlers, "mail.js", "");
});

function unsafe(because: string): object {
  return { code: "HANDLER_UNSAFE", facts: { because } };
}

/** A file system on which a file belongs to somebody. */
function owning(path: string, uid: bigint): System {
  const lstat = async (name: string, options: { bigint: true }): Promise<object> => {
    const stat = await system.fs.lstat(name, options);
    return name === path ? Object.assign(stat, { uid }) : stat;
  };
  return { ...system, fs: { ...system.fs, lstat: lstat as System["fs"]["lstat"] } };
}

describe("the file of a handler", () => {
  it("has its name and ends in .js or .mjs, and the first wins", async () => {
    await placeModule(handlers, "post.mjs", "");
    expect(await findHandler(system, handlers, "mail")).toMatchObject({ path: join(handlers, "mail.js") });
    expect(await findHandler(system, handlers, "post")).toMatchObject({ path: join(handlers, "post.mjs") });
    await placeModule(handlers, "post.js", "");
    expect(await findHandler(system, handlers, "post")).toMatchObject({ path: join(handlers, "post.js") });
  });

  it("has another version when it has changed, though it has the size it had", async () => {
    const { version } = await findHandler(system, handlers, "mail");
    expect((await findHandler(system, handlers, "mail")).version).toBe(version);
    await writeFile(join(handlers, "mail.js"), "");
    expect((await findHandler(system, handlers, "mail")).version).not.toBe(version);
  });

  it("may be a link to another in the directory, and the directory one to elsewhere", async () => {
    await symlink("mail.js", join(handlers, "post.js"));
    await symlink(handlers, join(root, "link"));
    expect(await findHandler(system, join(root, "link"), "post")).toMatchObject({ path: join(handlers, "mail.js") });
  });

  it("must not be a link that leads elsewhere or nowhere", async () => {
    await writeFile(join(root, "elsewhere.js"), "");
    await symlink(join(root, "elsewhere.js"), join(handlers, "out.js"));
    await symlink("nowhere.js", join(handlers, "gone.js"));
    await symlink("turns.js", join(handlers, "turns.js"));
    await expect(findHandler(system, handlers, "out")).rejects.toMatchObject(
      unsafe("it is a link that leads out of the directory of handlers"),
    );
    for (const name of ["gone", "turns"])
      await expect(findHandler(system, handlers, name)).rejects.toMatchObject(
        unsafe("it is a link that leads nowhere"),
      );
  });

  it("must be a regular file", async () => {
    await mkdir(join(handlers, "folder.js"), { mode: 0o755 });
    await expect(findHandler(system, handlers, "folder")).rejects.toMatchObject(unsafe("it is not a regular file"));
  });

  it.each([0o646, 0o664, 0o666])("must not be writable by others: %o", async (mode) => {
    await chmod(join(handlers, "mail.js"), mode);
    await expect(findHandler(system, handlers, "mail")).rejects.toMatchObject({
      code: "HANDLER_UNSAFE",
      facts: { path: join(handlers, "mail.js"), because: "others may write it", mode: mode.toString(8) },
    });
  });

  it("must not lie where others may put files, nor may what it links to", async () => {
    await mkdir(join(handlers, "shared"));
    await placeModule(join(handlers, "shared"), "post.js", "");
    await chmod(join(handlers, "shared"), 0o777);
    await symlink("shared/post.js", join(handlers, "post.js"));
    await expect(findHandler(system, handlers, "post")).rejects.toMatchObject(unsafe("others may write it"));
    expect(await findHandler(system, handlers, "mail")).toBeDefined();
    await chmod(handlers, 0o775);
    await expect(findHandler(system, handlers, "mail")).rejects.toMatchObject(unsafe("others may write it"));
  });

  it("must belong to this account or to root", async () => {
    const path = join(handlers, "mail.js");
    const own = BigInt(process.getuid?.() ?? 0);
    for (const uid of [0n, own]) expect(await findHandler(owning(path, uid), handlers, "mail")).toBeDefined();
    const stranger = unsafe("it belongs to another account");
    await expect(findHandler(owning(path, own + 1n), handlers, "mail")).rejects.toMatchObject(stranger);
    await expect(findHandler(owning(handlers, own + 1n), handlers, "mail")).rejects.toMatchObject(stranger);
  });
});

describe("a handler that there is not", () => {
  it("is told with those that there are and the nearest of them", async () => {
    for (const file of ["backup.mjs", "mail.mjs", "README.md", "Not A Name.js", "lib.cjs"])
      await placeModule(handlers, file, "");
    await expect(findHandler(system, handlers, "mial")).rejects.toMatchObject({
      code: "HANDLER_MISSING",
      facts: { handler: "mial", directory: handlers, nearest: "mail", known: "backup, mail, sync" },
    });
  });

  it.each(["nowhere", "mail.js", "mail.js/below"])("is told where %s is not a directory of handlers", async (place) => {
    const directory = join(handlers, place);
    await expect(findHandler(system, directory, "mail")).rejects.toMatchObject({
      code: "HANDLER_MISSING",
      facts: { handler: "mail", directory },
    });
  });
});
