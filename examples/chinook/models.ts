// The Chinook schema as models. Every attribute is the dump's column in camelCase, so that one reading of the three
// dumps serves all of them (see load.ts); the tables are `artist`, `invoice_line` and so on in every database.
import { dateTime, declarativeBase, integer, manyToMany, manyToOne, numeric, oneToMany, string, table } from "athanor";

export const Base = declarativeBase();

export class Artist extends Base("Artist", {
  artistId: integer().primaryKey(),
  name: string(120).nullable(),
  get albums() {
    return oneToMany(Album, { backPopulates: "artist" });
  },
}) {}

export class Album extends Base("Album", {
  albumId: integer().primaryKey(),
  title: string(160),
  artistId: integer().references("artist.artist_id").index(),
  get artist() {
    return manyToOne(Artist, { backPopulates: "albums", nullable: false });
  },
  get tracks() {
    return oneToMany(Track, { backPopulates: "album", orderBy: "trackId" });
  },
}) {}

export class Genre extends Base("Genre", {
  genreId: integer().primaryKey(),
  name: string(120).nullable(),
  get tracks() {
    return oneToMany(Track, { backPopulates: "genre" });
  },
}) {}

export class MediaType extends Base("MediaType", {
  mediaTypeId: integer().primaryKey(),
  name: string(120).nullable(),
  get tracks() {
    return oneToMany(Track, { backPopulates: "mediaType" });
  },
}) {}

/** Pairs of playlist and track: a table, not a model, because nothing else hangs on a pair. */
export const playlistTrack = table(
  "playlist_track",
  {
    playlistId: integer().references("playlist.playlist_id").index(),
    trackId: integer().references("track.track_id").index(),
  },
  { primaryKey: ["playlistId", "trackId"], metadata: Base.metadata },
);

export class Playlist extends Base("Playlist", {
  playlistId: integer().primaryKey(),
  name: string(120).nullable(),
  get tracks() {
    return manyToMany(Track, { secondary: playlistTrack, backPopulates: "playlists" });
  },
}) {}

export class Track extends Base("Track", {
  trackId: integer().primaryKey(),
  name: string(200),
  albumId: integer().nullable().references("album.album_id").index(),
  mediaTypeId: integer().references("media_type.media_type_id").index(),
  genreId: integer().nullable().references("genre.genre_id").index(),
  composer: string(220).nullable(),
  milliseconds: integer(),
  bytes: integer().nullable(),
  unitPrice: numeric(10, 2),
  get album() {
    return manyToOne(Album, { backPopulates: "tracks" });
  },
  get mediaType() {
    return manyToOne(MediaType, { backPopulates: "tracks", nullable: false });
  },
  get genre() {
    return manyToOne(Genre, { backPopulates: "tracks" });
  },
  get playlists() {
    return manyToMany(Playlist, { secondary: playlistTrack, backPopulates: "tracks" });
  },
  get invoiceLines() {
    return oneToMany(InvoiceLine, { backPopulates: "track" });
  },
}) {}

/** `reportsTo` points at the same table: the boss is the remote side. */
export class Employee extends Base("Employee", {
  employeeId: integer().primaryKey(),
  lastName: string(20),
  firstName: string(20),
  title: string(30).nullable(),
  reportsTo: integer().nullable().references("employee.employee_id").index(),
  birthDate: dateTime().nullable(),
  hireDate: dateTime().nullable(),
  address: string(70).nullable(),
  city: string(40).nullable(),
  state: string(40).nullable(),
  country: string(40).nullable(),
  postalCode: string(10).nullable(),
  phone: string(24).nullable(),
  fax: string(24).nullable(),
  email: string(60).nullable(),
  get manager() {
    return manyToOne(Employee, { backPopulates: "reports", remoteSide: "employeeId" });
  },
  get reports() {
    return oneToMany(Employee, { backPopulates: "manager" });
  },
  get customers() {
    return oneToMany(Customer, { backPopulates: "supportRep" });
  },
}) {
  get fullName() {
    return `${this.firstName} ${this.lastName}`;
  }
}

export class Customer extends Base("Customer", {
  customerId: integer().primaryKey(),
  firstName: string(40),
  lastName: string(20),
  company: string(80).nullable(),
  address: string(70).nullable(),
  city: string(40).nullable(),
  state: string(40).nullable(),
  country: string(40).nullable(),
  postalCode: string(10).nullable(),
  phone: string(24).nullable(),
  fax: string(24).nullable(),
  email: string(60),
  supportRepId: integer().nullable().references("employee.employee_id").index(),
  get supportRep() {
    return manyToOne(Employee, { backPopulates: "customers" });
  },
  get invoices() {
    return oneToMany(Invoice, { backPopulates: "customer" });
  },
}) {
  get fullName() {
    return `${this.firstName} ${this.lastName}`;
  }
}

export class Invoice extends Base("Invoice", {
  invoiceId: integer().primaryKey(),
  customerId: integer().references("customer.customer_id").index(),
  invoiceDate: dateTime(),
  billingAddress: string(70).nullable(),
  billingCity: string(40).nullable(),
  billingState: string(40).nullable(),
  billingCountry: string(40).nullable(),
  billingPostalCode: string(10).nullable(),
  total: numeric(10, 2),
  get customer() {
    return manyToOne(Customer, { backPopulates: "invoices", nullable: false });
  },
  get lines() {
    return oneToMany(InvoiceLine, { backPopulates: "invoice", cascade: "all, delete-orphan" });
  },
}) {}

export class InvoiceLine extends Base("InvoiceLine", {
  invoiceLineId: integer().primaryKey(),
  invoiceId: integer().references("invoice.invoice_id").index(),
  trackId: integer().references("track.track_id").index(),
  unitPrice: numeric(10, 2),
  quantity: integer(),
  get invoice() {
    return manyToOne(Invoice, { backPopulates: "lines", nullable: false });
  },
  get track() {
    return manyToOne(Track, { backPopulates: "invoiceLines", nullable: false });
  },
}) {}
