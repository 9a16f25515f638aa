// Elements that the document surely has.

export function find<T extends HTMLElement>(selector: string, root: ParentNode = document): T {
  const element = root.querySelector<T>(selector);
  if (element === null) throw new Error(`no ${selector}`);
  return element;
}
