// Eleven questions to the shop, each answered at three levels: SQL as text, expressions on a connection, and objects in a
// session. An answer is a plain table of values, so that answers can be compared and printed. Every ORDER BY ends in
// keys rather than names: how names sort is the one thing on which the databases honestly differ.
import {
  alias,
  aliased,
  and,
  type Connection,
  cast,
  exists,
  func,
  integer,
  joinedLoad,
  not,
  numeric,
  or,
  type Session,
  select,
  selectinLoad,
  sql,
  string,
} from "athanor";
import {
  Album,
  Artist,
  Customer,
  Employee,
  Genre,
  Invoice,
  InvoiceLine,
  Playlist,
  playlistTrack,
  Track,
} from "./models.js";

export type Cell = string | number | null;
export type Answer = readonly (readonly Cell[])[];

export interface Question {
  readonly title: string;
  readonly headings: readonly string[];
  /** SQL written by hand, values bound by the tag, types said by `columns`. */
  raw(connection: Connection): Promise<Answer>;
  /** The expression language, on the tables behind the models. */
  expressions(connection: Connection): Promise<Answer>;
  /** Objects, relationships, loader options. */
  orm(session: Session): Promise<Answer>;
}

/** Rows as plain arrays: names go, positions stay. */
function cells(rows: readonly (readonly Cell[])[]): Answer {
  return rows.map((row) => [...row]);
}
/** The same for rows of SQL text, whose types are known by name. */
function named<K extends string>(rows: readonly { readonly [_ in K]: Cell }[], ...keys: K[]): Answer {
  return rows.map((row) => keys.map((key) => row[key]));
}

const albums: Question = {
  title: "Albums with their artist and tracks",
  headings: ["album", "artist", "track"],
  async raw(connection) {
    const query = sql`
      select album.title, artist.name, track.name as track
      from album
      join artist on artist.artist_id = album.artist_id
      join track on track.album_id = album.album_id
      order by album.album_id, track.track_id`;
    return named(
      await connection.execute(query.columns({ title: string(), name: string().nullable(), track: string() })),
      "title",
      "name",
      "track",
    );
  },
  async expressions(connection) {
    const query = select(Album.c.title, Artist.c.name.as("artist"), Track.c.name.as("track"))
      .join(Artist, Artist.c.artistId.eq(Album.c.artistId))
      .join(Track, Track.c.albumId.eq(Album.c.albumId))
      .orderBy(Album.c.albumId, Track.c.trackId);
    return cells(await connection.execute(query));
  },
  async orm(session) {
    const query = select(Album)
      .options(joinedLoad(Album.c.artist), selectinLoad(Album.c.tracks))
      .orderBy(Album.c.albumId);
    const found = await session.scalars(query).all();
    return found.flatMap((album) => album.tracks.map((track) => [album.title, album.artist.name, track.name]));
  },
};

const countries: Question = {
  title: "Revenue by country",
  headings: ["country", "invoices", "revenue"],
  async raw(connection) {
    const query = sql`
      select billing_country, count(*) as invoices, sum(total) as revenue
      from invoice
      group by billing_country
      order by round(sum(total), 2) desc, billing_country`;
    const types = { billing_country: string().nullable(), invoices: integer(), revenue: numeric(10, 2) };
    return named(await connection.execute(query.columns(types)), "billing_country", "invoices", "revenue");
  },
  async expressions(connection) {
    const query = select(Invoice.c.billingCountry, func.count().as("invoices"), func.sum(Invoice.c.total).as("revenue"))
      .groupBy(Invoice.c.billingCountry)
      .orderBy(func.round(func.sum(Invoice.c.total), 2).desc(), Invoice.c.billingCountry);
    return cells(await connection.execute(query));
  },
  // From the other end: where the customers live instead of where the invoices went.
  async orm(session) {
    const query = select(Customer.c.country, func.count().as("invoices"), func.sum(Invoice.c.total).as("revenue"))
      .join(Customer.c.invoices)
      .groupBy(Customer.c.country)
      .orderBy(func.round(func.sum(Invoice.c.total), 2).desc(), Customer.c.country);
    return cells(await session.execute(query));
  },
};

const managers: Question = {
  title: "Employees and their managers",
  headings: ["employee", "title", "manager"],
  async raw(connection) {
    const query = sql`
      select employee.last_name, employee.title, boss.last_name as manager
      from employee left join employee boss on boss.employee_id = employee.reports_to
      order by employee.employee_id`;
    const types = { last_name: string(), title: string().nullable(), manager: string().nullable() };
    return named(await connection.execute(query.columns(types)), "last_name", "title", "manager");
  },
  async expressions(connection) {
    const boss = alias(Employee, "boss");
    const query = select(Employee.c.lastName, Employee.c.title, boss.c.lastName.as("manager"))
      .outerJoin(boss, boss.c.employeeId.eq(Employee.c.reportsTo))
      .orderBy(Employee.c.employeeId);
    return cells(await connection.execute(query));
  },
  async orm(session) {
    const query = select(Employee).options(joinedLoad(Employee.c.manager)).orderBy(Employee.c.employeeId);
    const found = await session.scalars(query).all();
    return found.map((employee) => [employee.lastName, employee.title, employee.manager?.lastName ?? null]);
  },
};

const page = { size: 10, number: 2 };
const customers: Question = {
  title: `Customers with an "a" in their name, page ${page.number}`,
  headings: ["id", "first name", "last name"],
  async raw(connection) {
    const like = "%a%";
    const query = sql`
      select customer_id, first_name, last_name from customer
      where lower(first_name) like ${like} or lower(last_name) like ${like}
      order by customer_id limit ${page.size} offset ${page.size * (page.number - 1)}`;
    return named(
      await connection.execute(query.columns({ customer_id: integer(), first_name: string(), last_name: string() })),
      "customer_id",
      "first_name",
      "last_name",
    );
  },
  async expressions(connection) {
    const query = select(Customer.c.customerId, Customer.c.firstName, Customer.c.lastName)
      .where(or(Customer.c.firstName.ilike("%a%"), Customer.c.lastName.ilike("%a%")))
      .orderBy(Customer.c.customerId)
      .limit(page.size)
      .offset(page.size * (page.number - 1));
    return cells(await connection.execute(query));
  },
  async orm(session) {
    const found = await session
      .query(Customer)
      .filter(or(Customer.c.firstName.ilike("%a%"), Customer.c.lastName.ilike("%a%")))
      .orderBy(Customer.c.customerId)
      .slice(page.size * (page.number - 1), page.size * page.number)
      .all();
    return found.map((customer) => [customer.customerId, customer.firstName, customer.lastName]);
  },
};

const playlists: Question = {
  title: "Playlists and how many tracks they have",
  headings: ["id", "playlist", "tracks"],
  async raw(connection) {
    const query = sql`
      select playlist.playlist_id, playlist.name, count(playlist_track.track_id) as tracks
      from playlist left join playlist_track on playlist_track.playlist_id = playlist.playlist_id
      group by playlist.playlist_id, playlist.name
      order by playlist.playlist_id`;
    return named(
      await connection.execute(query.columns({ playlist_id: integer(), name: string().nullable(), tracks: integer() })),
      "playlist_id",
      "name",
      "tracks",
    );
  },
  async expressions(connection) {
    const query = select(Playlist.c.playlistId, Playlist.c.name, func.count(playlistTrack.c.trackId).as("tracks"))
      .outerJoin(playlistTrack, playlistTrack.c.playlistId.eq(Playlist.c.playlistId))
      .groupBy(Playlist.c.playlistId, Playlist.c.name)
      .orderBy(Playlist.c.playlistId);
    return cells(await connection.execute(query));
  },
  async orm(session) {
    const query = select(Playlist).options(selectinLoad(Playlist.c.tracks)).orderBy(Playlist.c.playlistId);
    const found = await session.scalars(query).all();
    return found.map((playlist) => [playlist.playlistId, playlist.name, playlist.tracks.length]);
  },
};

// A price is text to us (exact) and a quantity a number, so the quantity becomes a decimal (of no places) before they are multiplied.
const lineTotal = InvoiceLine.c.unitPrice.mul(cast(InvoiceLine.c.quantity, numeric(10, 0)));
const artists: Question = {
  title: "The ten artists who sell best",
  headings: ["artist", "tracks sold", "revenue"],
  async raw(connection) {
    const query = sql`
      select artist.name, sum(line.quantity) as sold, sum(line.unit_price * line.quantity) as revenue
      from invoice_line line
      join track on track.track_id = line.track_id
      join album on album.album_id = track.album_id
      join artist on artist.artist_id = album.artist_id
      group by artist.artist_id, artist.name
      order by sold desc, artist.artist_id
      limit ${10}`;
    return named(
      await connection.execute(query.columns({ name: string().nullable(), sold: integer(), revenue: numeric(10, 2) })),
      "name",
      "sold",
      "revenue",
    );
  },
  async expressions(connection) {
    const sold = func.sum(InvoiceLine.c.quantity);
    const query = select(Artist.c.name, sold.as("sold"), func.sum(lineTotal).as("revenue"))
      .selectFrom(InvoiceLine)
      .join(Track, Track.c.trackId.eq(InvoiceLine.c.trackId))
      .join(Album, Album.c.albumId.eq(Track.c.albumId))
      .join(Artist, Artist.c.artistId.eq(Album.c.artistId))
      .groupBy(Artist.c.artistId, Artist.c.name)
      .orderBy(sold.desc(), Artist.c.artistId)
      .limit(10);
    return cells(await connection.execute(query));
  },
  async orm(session) {
    const sold = func.sum(InvoiceLine.c.quantity);
    const query = select(Artist, sold.as("sold"), func.sum(lineTotal).as("revenue"))
      .join(Artist.c.albums)
      .join(Album.c.tracks)
      .join(Track.c.invoiceLines)
      .groupBy(Artist.c.artistId, Artist.c.name)
      .orderBy(sold.desc(), Artist.c.artistId)
      .limit(10);
    const rows = await session.execute(query);
    return rows.map((row) => [row.Artist.name, row.sold, row.revenue]);
  },
};

const longest: Question = {
  title: "The longest track of each genre",
  headings: ["genre", "track", "seconds"],
  async raw(connection) {
    const query = sql`
      select genre, track, milliseconds from (
        select genre.genre_id, genre.name as genre, track.name as track, track.milliseconds,
               row_number() over (partition by genre.genre_id order by track.milliseconds desc, track.track_id) as place
        from track join genre on genre.genre_id = track.genre_id
      ) ranked
      where place = 1
      order by genre_id`;
    const rows = await connection.execute(
      query.columns({ genre: string().nullable(), track: string(), milliseconds: integer() }),
    );
    return rows.map((row) => [row.genre, row.track, seconds(row.milliseconds)]);
  },
  async expressions(connection) {
    const place = func
      .rowNumber()
      .over({ partitionBy: Genre.c.genreId, orderBy: [Track.c.milliseconds.desc(), Track.c.trackId] });
    const ranked = select(
      Genre.c.genreId,
      Genre.c.name.as("genre"),
      Track.c.name.as("track"),
      Track.c.milliseconds,
      place.as("place"),
    )
      .selectFrom(Track)
      .join(Genre, Genre.c.genreId.eq(Track.c.genreId))
      .subquery("ranked");
    const query = select(ranked.c.genre, ranked.c.track, ranked.c.milliseconds)
      .where(ranked.c.place.eq(1))
      .orderBy(ranked.c.genreId);
    const rows = await connection.execute(query);
    return rows.map((row) => [row.genre, row.track, seconds(row.milliseconds)]);
  },
  // Without a window: the tracks that no other track of their genre beats.
  async orm(session) {
    const other = aliased(Track, "other");
    const best = select(func.max(other.c.milliseconds)).where(other.c.genreId.eq(Track.c.genreId)).scalar();
    const query = select(Track)
      .where(Track.c.milliseconds.eq(best))
      .options(joinedLoad(Track.c.genre))
      .orderBy(Track.c.genreId, Track.c.trackId);
    const found = await session.scalars(query).all();
    return found.map((track) => [track.genre?.name ?? null, track.name, seconds(track.milliseconds)]);
  },
};
function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000);
}

const months: Question = {
  title: "Invoices per month",
  headings: ["year", "month", "invoices", "total"],
  async raw(connection) {
    // EXTRACT is not SQLite's; an expression inside the tag is rendered as the database at hand wants it.
    const year = Invoice.c.invoiceDate.extract("year");
    const month = Invoice.c.invoiceDate.extract("month");
    const query = sql`
      select ${year} as year, ${month} as month, count(*) as invoices, sum(total) as total
      from invoice
      group by ${year}, ${month}
      order by ${year}, ${month}`;
    return named(
      await connection.execute(
        query.columns({ year: integer(), month: integer(), invoices: integer(), total: numeric(10, 2) }),
      ),
      "year",
      "month",
      "invoices",
      "total",
    );
  },
  async expressions(connection) {
    const year = Invoice.c.invoiceDate.extract("year");
    const month = Invoice.c.invoiceDate.extract("month");
    const query = select(
      year.as("year"),
      month.as("month"),
      func.count().as("invoices"),
      func.sum(Invoice.c.total).as("total"),
    )
      .groupBy(year, month)
      .orderBy(year, month);
    return cells(await connection.execute(query));
  },
  // Streamed: no list of invoices is ever held.
  async orm(session) {
    const found = new Map<string, { year: number; month: number; invoices: number; cents: number }>();
    for await (const invoice of session.scalars(select(Invoice).orderBy(Invoice.c.invoiceDate, Invoice.c.invoiceId))) {
      const [year, month] = [invoice.invoiceDate.getUTCFullYear(), invoice.invoiceDate.getUTCMonth() + 1];
      const entry = found.get(`${year}-${month}`) ?? { year, month, invoices: 0, cents: 0 };
      entry.invoices++;
      entry.cents += Math.round(Number(invoice.total) * 100);
      found.set(`${year}-${month}`, entry);
    }
    return [...found.values()].map(({ year, month, invoices, cents }) => [
      year,
      month,
      invoices,
      (cents / 100).toFixed(2),
    ]);
  },
};

const spenders: Question = {
  title: "The ten customers who spent most",
  headings: ["customer", "country", "invoices", "spent"],
  async raw(connection) {
    const query = sql`
      select customer.last_name, customer.country, count(*) as invoices, sum(invoice.total) as spent
      from customer join invoice on invoice.customer_id = customer.customer_id
      group by customer.customer_id, customer.last_name, customer.country
      order by round(sum(invoice.total), 2) desc, customer.customer_id
      limit ${10}`;
    return named(
      await connection.execute(
        query.columns({
          last_name: string(),
          country: string().nullable(),
          invoices: integer(),
          spent: numeric(10, 2),
        }),
      ),
      "last_name",
      "country",
      "invoices",
      "spent",
    );
  },
  async expressions(connection) {
    const spent = func.sum(Invoice.c.total);
    const query = select(Customer.c.lastName, Customer.c.country, func.count().as("invoices"), spent.as("spent"))
      .join(Invoice, Invoice.c.customerId.eq(Customer.c.customerId))
      .groupBy(Customer.c.customerId, Customer.c.lastName, Customer.c.country)
      .orderBy(func.round(spent, 2).desc(), Customer.c.customerId)
      .limit(10);
    return cells(await connection.execute(query));
  },
  async orm(session) {
    const spent = func.sum(Invoice.c.total);
    const query = select(Customer, spent.as("spent"))
      .join(Customer.c.invoices)
      .groupBy(Customer.c.customerId)
      .orderBy(func.round(spent, 2).desc(), Customer.c.customerId)
      .options(selectinLoad(Customer.c.invoices))
      .limit(10);
    const rows = await session.execute(query);
    return rows.map(({ Customer: customer, spent }) => [
      customer.lastName,
      customer.country,
      customer.invoices.length,
      spent,
    ]);
  },
};

const unsold: Question = {
  title: "Tracks never sold, by genre",
  headings: ["genre", "tracks"],
  async raw(connection) {
    const query = sql`
      select genre.name, count(*) as tracks
      from track
      join genre on genre.genre_id = track.genre_id
      left join invoice_line on invoice_line.track_id = track.track_id
      where invoice_line.invoice_line_id is null
      group by genre.genre_id, genre.name
      order by genre.genre_id`;
    return named(
      await connection.execute(query.columns({ name: string().nullable(), tracks: integer() })),
      "name",
      "tracks",
    );
  },
  async expressions(connection) {
    const sales = select(InvoiceLine.c.invoiceLineId).where(InvoiceLine.c.trackId.eq(Track.c.trackId));
    const query = select(Genre.c.name, func.count().as("tracks"))
      .join(Track, Track.c.genreId.eq(Genre.c.genreId))
      .where(not(exists(sales)))
      .groupBy(Genre.c.genreId, Genre.c.name)
      .orderBy(Genre.c.genreId);
    return cells(await connection.execute(query));
  },
  async orm(session) {
    const found = await session
      .query(Track)
      .filter(not(Track.c.invoiceLines.any()))
      .options(joinedLoad(Track.c.genre))
      .orderBy(Track.c.genreId, Track.c.trackId)
      .all();
    const counts = new Map<string | null, number>();
    for (const { genre } of found) counts.set(genre?.name ?? null, (counts.get(genre?.name ?? null) ?? 0) + 1);
    return [...counts];
  },
};

const together: Question = {
  title: "Artists bought together: on how many invoices",
  headings: ["artist", "and artist", "invoices"],
  async raw(connection) {
    const query = sql`
      with bought as (
        select distinct invoice_line.invoice_id, artist.artist_id, artist.name
        from invoice_line
        join track on track.track_id = invoice_line.track_id
        join album on album.album_id = track.album_id
        join artist on artist.artist_id = album.artist_id
      )
      select a.name, b.name as other, count(*) as invoices
      from bought a join bought b on b.invoice_id = a.invoice_id and b.artist_id > a.artist_id
      group by a.artist_id, a.name, b.artist_id, b.name
      order by invoices desc, a.artist_id, b.artist_id
      limit ${10}`;
    return named(
      await connection.execute(
        query.columns({ name: string().nullable(), other: string().nullable(), invoices: integer() }),
      ),
      "name",
      "other",
      "invoices",
    );
  },
  async expressions(connection) {
    const bought = () =>
      select(InvoiceLine.c.invoiceId, Artist.c.artistId, Artist.c.name)
        .selectFrom(InvoiceLine)
        .join(Track, Track.c.trackId.eq(InvoiceLine.c.trackId))
        .join(Album, Album.c.albumId.eq(Track.c.albumId))
        .join(Artist, Artist.c.artistId.eq(Album.c.artistId))
        .distinct();
    const a = bought().subquery("a");
    const b = bought().subquery("b");
    const invoices = func.count();
    const query = select(a.c.name, b.c.name.as("other"), invoices.as("invoices"))
      .join(b, and(b.c.invoiceId.eq(a.c.invoiceId), b.c.artistId.gt(a.c.artistId)))
      .groupBy(a.c.artistId, a.c.name, b.c.artistId, b.c.name)
      .orderBy(invoices.desc(), a.c.artistId, b.c.artistId)
      .limit(10);
    return cells(await connection.execute(query));
  },
  // The whole graph in five queries, the pairs counted over objects: identity makes one artist one object.
  async orm(session) {
    const lines = selectinLoad(Invoice.c.lines).selectinLoad(InvoiceLine.c.track).selectinLoad(Track.c.album);
    const found = await session.scalars(select(Invoice).options(lines.selectinLoad(Album.c.artist))).all();
    const pairs = new Map<string, { a: Artist; b: Artist; invoices: number }>();
    for (const invoice of found) {
      const bought = new Set<Artist>();
      for (const line of invoice.lines) if (line.track.album !== null) bought.add(line.track.album.artist);
      for (const a of bought) {
        for (const b of bought) {
          if (b.artistId <= a.artistId) continue;
          const pair = pairs.get(`${a.artistId} ${b.artistId}`) ?? { a, b, invoices: 0 };
          pair.invoices++;
          pairs.set(`${a.artistId} ${b.artistId}`, pair);
        }
      }
    }
    return [...pairs.values()]
      .sort((x, y) => y.invoices - x.invoices || x.a.artistId - y.a.artistId || x.b.artistId - y.b.artistId)
      .slice(0, 10)
      .map(({ a, b, invoices }) => [a.name, b.name, invoices]);
  },
};

export const questions: readonly Question[] = [
  albums,
  countries,
  managers,
  customers,
  playlists,
  artists,
  longest,
  months,
  spenders,
  unsold,
  together,
];
