// Addresses as options give them: HOST:PORT to listen on, base URLs to reach a node by.

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:7001`, `[::1]:7001`, `:7001` (every address of the machine). Port 0 takes any free one. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { host: match[1] ?? (match[2] === '' || match[2] === undefined ? '0.0.0.0' : match[2]), port };
}

/** `http://host:port` in one spelling, without a slash at the end; undefined for anything else, a path or a name and password included. */
export function parseBaseUrl(text: string): string | undefined {
  const match = /^http:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?\/?$/i.exec(text);
  if (match === null) return undefined;
  const port = Number(match[2] ?? 80);
  return port < 1 || port > 65_535 ? undefined : `http://${match[1]?.toLowerCase()}:${port}`;
}

/** True for addresses that other machines cannot connect to by this name. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** The base URL of an address that is listened on. */
export function toBaseUrl(address: HostPort): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}`;
}
