// Before the page is drawn: the colours that the reader chose last, if they chose any.
"use strict";
try {
  const theme = localStorage.getItem("dq-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch (refused) {
  // the browser keeps nothing for pages: those of the system are used
}
