// The signed-in session: credentials in this module's memory, which a reload forgets, or a cookie of the gateway that no script can read.

/** @type {string | null} */
let authorization = null;

export const session = {
  /** Whether the browser has a cookie of the gateway, so that requests need no credentials. */
  isKept: false,
  /** E-mail address of the user; `null` when signed in with a token or an API key. */
  user: null,
  /** Companies that the credentials can see. */
  companies: [],
  /** Handle of the selected company. */
  company: null,

  /** Whether the user may submit jobs of the selected company, as far as IPS says. */
  get maySubmit() {
    return this.companies.find(({ companyHandle }) => companyHandle === this.company)?.maySubmit !== false;
  },

  get isSignedIn() {
    return authorization !== null || this.isKept;
  },

  setPassword(user, password) {
    const bytes = new TextEncoder().encode(`${user}:${password}`);
    authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
    this.user = user;
  },

  /** Uses an IMS access token or an API key of the gateway. */
  setToken(token) {
    authorization = `Bearer ${token}`;
    this.user = null;
  },

  /**
   * Goes on with the session of the cookie. Credentials of this page stay in memory, for the end of that session.
   * @param {{ method: string, name?: string }} kept
   */
  keep({ method, name }) {
    Object.assign(this, { isKept: true, user: method === 'password' ? name : null });
  },

  /** Goes back to the credentials of this page, as when a restart of the gateway has ended the session of the cookie. Returns whether it has some. */
  fallBack() {
    const canFallBack = this.isKept && authorization !== null;
    if (canFallBack) this.isKept = false;
    return canFallBack;
  },

  clear() {
    authorization = null;
    Object.assign(this, { isKept: false, user: null, companies: [], company: null });
  },

  authHeaders() {
    return authorization && !this.isKept ? { authorization } : {};
  },
};
