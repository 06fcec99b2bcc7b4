/** Loads a page together with the styles that the home page does without. */
export function withStyles<Module>(load: () => Promise<Module>): () => Promise<Module> {
  return async () => {
    const [loaded] = await Promise.all([load(), import("./styles/rest")]);
    return loaded;
  };
}
