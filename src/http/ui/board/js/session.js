// The signed-in session. Credentials are kept in this module's memory only: reloading the page signs out.

let authorization = null;

export const session = {
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
    return authorization !== null;
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

  clear() {
    authorization = null;
    Object.assign(this, { user: null, companies: [], company: null });
  },

  authHeaders() {
    return authorization ? { authorization } : {};
  },
};
