/** For what the program guarantees itself; a person's input gets a readable error instead. */
export function assert(expression: unknown, message: string): asserts expression {
  if (!expression) throw new Error(message);
}
