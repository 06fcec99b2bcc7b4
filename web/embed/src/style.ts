/** The look, all of it inside the shadow root. Owners change it through `--callstage-…` properties. */

const DARK = `--a:var(--callstage-accent-dark,var(--callstage-accent,#0f8069));
--s:var(--callstage-surface-dark,#1a1d21);--t:var(--callstage-text-dark,#e6e9ec);--m:var(--callstage-muted-dark,#9aa4ae);
--b:var(--callstage-border-dark,#343a41);--u:var(--callstage-bubble-dark,#2b3036);--f:var(--t);--e:#ff8a80;color-scheme:dark`;

const CSS = `
:host{all:initial!important}
:host([hidden]),[hidden]{display:none!important}
.w{
--a:var(--callstage-accent,#0d7763);--at:var(--callstage-accent-text,#fff);
--s:var(--callstage-surface,#fff);--t:var(--callstage-text,#14181c);--m:var(--callstage-muted,#5a6570);
--b:var(--callstage-border,#dfe3e7);--u:var(--callstage-bubble,#f0f2f4);--r:var(--callstage-radius,16px);
--f:var(--a);--e:#b3261e;color-scheme:light;
position:fixed;z-index:var(--callstage-z-index,2147483000);inset:auto;
font:var(--callstage-font,400 15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif);color:var(--t);
display:flex;flex-direction:column;gap:12px;align-items:flex-end;pointer-events:none}
.w>*{pointer-events:auto}
.bottom-right,.top-right{right:var(--callstage-offset-x,20px)}
.bottom-left,.top-left{left:var(--callstage-offset-x,20px);align-items:flex-start}
.bottom-right,.bottom-left{bottom:var(--callstage-offset-y,20px)}
.top-right,.top-left{top:var(--callstage-offset-y,20px);flex-direction:column-reverse}
@media (prefers-color-scheme:dark){.w:not(.light){${DARK}}}
.w.dark{${DARK}}
*,*::before,*::after{box-sizing:border-box}
button{font:inherit;color:inherit;border:0;background:none;cursor:pointer;padding:0}
button:focus-visible,textarea:focus-visible,.log:focus-visible{outline:2px solid var(--f);outline-offset:2px}
textarea:focus-visible{outline-offset:-1px}
button:disabled{opacity:.45;cursor:default}
svg{width:22px;height:22px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round;display:block}
.launch{width:56px;height:56px;border-radius:50%;background:var(--a);color:var(--at);display:grid;place-items:center;
box-shadow:0 6px 20px rgb(0 0 0/.22);transition:transform .15s}
.launch:hover{transform:scale(1.05)}
.launch.live{box-shadow:0 0 0 calc(3px + var(--level,0)*9px) color-mix(in srgb,var(--a) 35%,transparent),0 6px 20px rgb(0 0 0/.22)}
.panel{width:min(380px,calc(100vw - 32px));height:min(640px,calc(100vh - 40px));height:min(640px,calc(100dvh - 40px));background:var(--s);
border:1px solid var(--b);border-radius:var(--r);box-shadow:0 16px 48px rgb(0 0 0/.2);display:flex;flex-direction:column;overflow:hidden;animation:in .16s ease-out}
@keyframes in{from{opacity:0;transform:translateY(8px)}}
.head{display:flex;align-items:center;gap:8px;min-height:64px;padding:8px 8px 8px 16px;border-bottom:1px solid var(--b)}
.title{flex:1;min-width:0}
h2{font-size:16px;font-weight:600;margin:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.status{margin:0;font-size:13px;color:var(--m)}
.round{width:40px;height:40px;border-radius:50%;display:grid;place-items:center;flex:none}
.round:hover:not(:disabled){background:var(--u)}
.scroll{flex:1;overflow-y:auto;padding:16px;overscroll-behavior:contain}
.log{display:flex;flex-direction:column;gap:4px}
.line{max-width:85%;padding:8px 12px;border-radius:14px;overflow-wrap:anywhere;white-space:pre-wrap;margin:0}
.assistant{align-self:flex-start;background:var(--u);border-bottom-left-radius:4px}
.user{align-self:flex-end;background:var(--a);color:var(--at);border-bottom-right-radius:4px}
.user+.assistant,.assistant+.user{margin-top:8px}
.drafts{display:flex;flex-direction:column;gap:4px;margin-top:4px}
.drafts .line{opacity:.75}
.notice{margin:12px 0 0;padding:10px 12px;border-radius:10px;border:1px solid var(--b);font-size:14px}
.notice>div{margin-top:8px}
.notice.bad{border-color:var(--e);color:var(--e)}
.foot{border-top:1px solid var(--b);padding:12px;display:flex;flex-direction:column;gap:10px}
.call{display:flex;justify-content:center;gap:12px}
.main{min-height:44px;padding:0 20px;border-radius:22px;background:var(--a);color:var(--at);font-weight:600;display:inline-flex;align-items:center;justify-content:center;gap:8px}
.plain{min-height:36px;padding:0 14px;border-radius:18px;border:1px solid var(--b);align-self:center}
.call .round{width:48px;height:48px;background:var(--u)}
.call .mic{box-shadow:0 0 0 calc(var(--level,0)*8px) color-mix(in srgb,var(--a) 40%,transparent)}
.call .hang{background:#c5221f;color:#fff}
.hint{margin:0;font-size:13px;color:var(--m);text-align:center}
form{display:flex;gap:8px;align-items:flex-end}
textarea{flex:1;resize:none;font:inherit;color:inherit;background:transparent;border:1px solid var(--m);border-radius:12px;padding:9px 12px;min-height:42px;max-height:120px;field-sizing:content}
textarea::placeholder{color:var(--m);opacity:1}
.send{background:var(--a);color:var(--at)}
.send:hover:not(:disabled){background:var(--a)}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:480px){.w.open{inset:0;gap:0}.open .panel{width:100%;height:100%;border:0;border-radius:0;flex:1}textarea{font-size:16px}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}.launch.live,.call .mic{--level:0!important}}
@media print{.w{display:none}}
@media (forced-colors:active){.launch,.main,.send,.line{border:1px solid}}
`;

/** A constructed sheet: a page's Content-Security-Policy has no say in it. */
export function dress(shadow: ShadowRoot): void {
  if ("adoptedStyleSheets" in shadow && typeof CSSStyleSheet.prototype.replaceSync === "function") {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    shadow.adoptedStyleSheets = [sheet];
    return;
  }
  const style = document.createElement("style");
  style.textContent = CSS;
  (shadow as ShadowRoot).append(style);
}
