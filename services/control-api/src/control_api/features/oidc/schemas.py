"""Bodies of signing in with OpenID Connect."""

from control_api.web.schema import Reply


class OidcWay(Reply):
    """The button `Sign in with <label>`; the browser goes to `start_path`, with `?next=` for the page that it wanted."""

    label: str
    start_path: str


class SignInWays(Reply):
    """How one can sign in here; with a password always. `oidc` is null when the installation has no provider."""

    oidc: OidcWay | None
