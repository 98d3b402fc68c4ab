/** Where to join, and as whom. */
export interface JoinOptions {
  /** Name of the room: 1 to 64 characters, no control characters, not only spaces. */
  room: string;
  /** URL of the relay's server; by default the one that this module comes from. */
  server?: string | URL;
  /**
   * What this side does when offers collide. By default both sides compute it. A room in
   * which anybody asks for a role holds two peers.
   */
  role?: "polite" | "impolite";
  /**
   * Secret identity, see {@link newKey}; by default a new one. With the same key a page takes
   * the place of the one before it, and has the same id for others.
   */
  key?: string;
  /**
   * Token for a relay that wants one. A function is called before each connection to the
   * relay, so that it can renew the token.
   */
  token?: string | (() => string | Promise<string>);
  /** {@link Room.ticket} of an earlier page with the same key: it lets this one in though its token has expired. */
  ticket?: string;
  /** Of each RTCPeerConnection. Without iceServers they have those that the relay tells. */
  configuration?: RTCConfiguration;
}

/** Another member of the room, for the life of one connection with it. */
export interface Peer {
  /** The same for as long as it keeps its key, also when its page is reloaded. */
  readonly id: string;
  /**
   * The page's own. Add tracks and data channels, call restartIce, and read what you like,
   * at any time. Do not create, set, send or receive descriptions and candidates, and do not
   * close it.
   */
  readonly connection: RTCPeerConnection;
  /** Whether this side is the polite one. */
  readonly polite: boolean;
  /** What the other side says that it runs: the hash of its Go source, or "client" for this module. */
  readonly source: string;
}

/**
 * - `closed`: this room was closed.
 * - `new-session`: the other side has a new connection, for example after a reload.
 * - `other-left`: it has closed the room.
 * - `other-gone`: nothing has reached it for 10 s.
 * - Any other is the code of the error that was told.
 *
 * Whatever the reason, the next `join` comes by itself once both are in the room.
 */
export type LeaveReason = "closed" | "new-session" | "other-left" | "other-gone" | (string & {});

export type RoomState = "connecting" | "online" | "offline" | "closed";

export interface RoomEventMap {
  /** A connection with a peer begins. Add tracks, channels and handlers now, and nothing is missed. */
  join: Event & { readonly peer: Peer };
  /** A connection has ended. */
  leave: Event & { readonly peer: Peer; readonly reason: LeaveReason };
  /**
   * The connection to the relay has come or gone. Connections with peers go on without it, and
   * what they have to negotiate waits.
   */
  statechange: Event & { readonly state: RoomState };
  /** Something failed. Unless it is final, it is tried again. */
  error: Event & { readonly error: RoomError; readonly peer: Peer | null };
}

/** A room that was joined. It closes itself when the page is left. */
export class Room extends EventTarget {
  constructor(options: JoinOptions);
  /** This side's id, which the relay gives; empty before. */
  readonly id: string;
  /** A secret like the key, from a relay that wants tokens; else undefined. */
  readonly ticket: string | undefined;
  readonly state: RoomState;
  /** Those with whom there is a connection. */
  readonly peers: Peer[];
  /** Looks now whether the relay is still there, and connects now if it was lost. */
  check(): void;
  /** Says goodbye and closes all connections. */
  close(): void;

  addEventListener<K extends keyof RoomEventMap>(type: K, listener: (this: Room, event: RoomEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof RoomEventMap>(type: K, listener: (this: Room, event: RoomEventMap[K]) => unknown, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/**
 * Joins a room. It throws if the server's URL or the key can never work; all else that goes
 * wrong comes as an `error` event.
 */
export function join(options: JoinOptions): Room;

/** Returns a new secret identity of 128 bits. */
export function newKey(): string;

/** Why something in a room does not go on. */
export class RoomError extends Error {
  /**
   * For programs to decide on. From the relay: `bad-room`, `bad-role`, `bad-rank`, `bad-key`,
   * `bad-protocol`, `bad-token`, `token-expired`, `forbidden`, `role-taken`, `room-full`,
   * `replaced`, `too-large`, `slow`, `busy`, `shutdown`, `bad-message`. About it:
   * `unreachable`, `silent`, `no-token`. About a peer: `not-paired`, `too-fast`,
   * `bad-servers`, `restarts-in-vain`, or `failed`.
   */
  readonly code: string;
  /** The room is closed: to try again would not help. */
  readonly final: boolean;
  /** Seconds after which the relay wants to be asked again; 0: it says nothing. */
  readonly retryAfter: number;
}
