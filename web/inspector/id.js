// shortID is ShortID of package peer: the beginning of an id, for people.
export const shortID = (id) => id.slice(0, 10).replace(/^(.{5})(.{5})$/, "$1-$2");
