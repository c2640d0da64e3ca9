export const createSomethingElse = (): null => null;
