// The classes the raw contestants fill by hand.
export class Customer {
  id: number;
  name: string;
  description: string;

  constructor(id: number, name: string, description: string) {
    this.id = id;
    this.name = name;
    this.description = description;
  }
}

export class Tag {
  id: number;
  name: string;

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }
}

export class Post {
  id: number;
  title: string;
  tags: Tag[] = [];

  constructor(id: number, title: string) {
    this.id = id;
    this.title = title;
  }
}

export class User {
  id: number;
  name: string;
  posts: Post[] = [];

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }
}
