// Who is signed in. The credentials are nowhere but in this module's memory: reloading the page signs out.

let authorization = null;

export const session = {
  /** The e-mail address, where that is what one signs in with. */
  user: null,
  companies: [],
  company: null,

  get isOpen() {
    return authorization !== null;
  },

  withPassword(user, password) {
    const bytes = new TextEncoder().encode(`${user}:${password}`);
    authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
    this.user = user;
  },

  /** An access token of IMS or an API key of the gateway. */
  withToken(token) {
    authorization = `Bearer ${token}`;
    this.user = null;
  },

  end() {
    authorization = null;
    Object.assign(this, { user: null, companies: [], company: null });
  },

  headers() {
    return authorization ? { authorization } : {};
  },
};
