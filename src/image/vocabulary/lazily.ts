/** Makes a value when it is first asked for. Schemas take time to make, and most tasks need few of the vocabulary's. */
export function lazily<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
