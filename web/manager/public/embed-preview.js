// Does what the snippet does; token and script come from the address. The page's policy lets scripts come only from here and the gateway.
const asked = new URLSearchParams(location.search);
const token = asked.get("token") ?? "";
const script = asked.get("script") ?? "";

if (/^emb_[A-Za-z0-9_-]+$/.test(token) && /^https?:\/\//.test(script)) {
  const root = document.createElement("div");
  root.id = "callstage-embed-root";
  root.dataset.embedToken = token;
  const element = document.createElement("script");
  element.src = script;
  element.defer = true;
  element.onerror = () => tell("The widget's script could not be loaded.");
  document.body.append(root, element);
} else {
  tell("Open this page from Embed in the manager: it needs a token.");
}

function tell(text) {
  const problem = document.getElementById("problem");
  problem.textContent = text;
  problem.hidden = false;
}
