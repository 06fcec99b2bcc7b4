/** What a host call did, from its name: `server.create sale.order.create`. Pure. */

export interface HostCallWords {
  /** "server.create", "email.send", "webhook". */
  method: string;
  /** The model, or what else was reached; "" when the name says no more. */
  target: string;
}

export function hostCallWords(name: string): HostCallWords {
  const [method = "", rest = ""] = [name.split(" ", 1)[0], name.slice(name.indexOf(" ") + 1)];
  if (!name.includes(" ")) return { method: name, target: "" };
  const operation = method.slice(method.lastIndexOf(".") + 1);
  const target = operation !== "call" && rest.endsWith(`.${operation}`) ? rest.slice(0, -operation.length - 1) : rest;
  return { method, target };
}
