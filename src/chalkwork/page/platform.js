// The learning platform that the page is shown in, if it is one: SCORM 1.2 or 2004, found in the frames around it.

const SCORM = {
  "1.2": {
    api: "API", begin: "LMSInitialize", get: "LMSGetValue", set: "LMSSetValue", commit: "LMSCommit", end: "LMSFinish",
    most: 4096, state: "cmi.suspend_data", score: "cmi.core.score.raw",
    report: ({ right, all, seconds }) => ({
      "cmi.core.score.min": "0", "cmi.core.score.max": "100", "cmi.core.score.raw": String(Math.round(100 * right)),
      "cmi.core.lesson_status": all ? "completed" : "incomplete",
      "cmi.core.session_time": clock(seconds), "cmi.core.exit": all ? "" : "suspend",
    }),
  },
  2004: {
    api: "API_1484_11", begin: "Initialize", get: "GetValue", set: "SetValue", commit: "Commit", end: "Terminate",
    most: 64000, state: "cmi.suspend_data", score: "cmi.score.raw",
    report: ({ right, all, seconds }) => ({
      "cmi.score.min": "0", "cmi.score.max": "100", "cmi.score.raw": String(Math.round(100 * right)),
      "cmi.score.scaled": String(Math.round(100 * right) / 100),
      "cmi.completion_status": all ? "completed" : "incomplete",
      "cmi.session_time": `PT${Math.round(seconds)}S`, "cmi.exit": all ? "normal" : "suspend",
    }),
  },
};

function clock(seconds) {
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  return `${two(seconds / 3600).padStart(4, "0")}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function findPlatform() {
  const around = (start) => {
    const found = [start];
    for (let at = start, left = 20; at.parent && at.parent !== at && left > 0; left -= 1) {
      at = at.parent;
      found.push(at);
    }
    return found;
  };
  for (const start of [window, window.opener].filter(Boolean)) {
    for (const frame of around(start)) {
      for (const version of Object.values(SCORM)) {
        try {
          if (frame[version.api]) return { ...version, object: frame[version.api] };
        } catch {
          break; // a frame of somebody else
        }
      }
    }
  }
  return null;
}

// What goes back: the part that is right, what was typed, and the time.
class Platform {
  constructor(found) {
    this.found = found;
    this.began = Date.now();
    this.open = this.call("begin", "") === "true";
    this.least = 0; // what was earned by answers for which there was no room
  }

  call(name, ...given) {
    return String(this.found.object[this.found[name]](...given));
  }

  restore(page) {
    window.addEventListener("pagehide", () => {
      if (this.worked) this.keep(page);
      if (this.open) this.call("end", "");
      this.open = false;
    });
    const kept = this.open ? this.call("get", this.found.state) : "";
    if (kept.endsWith(CUT)) this.least = Number(this.call("get", this.found.score)) / 100 || 0;
    unpackState(page, kept);
    this.at = page.at;
  }

  keep(page) {
    if (!this.open) return;
    this.worked = true;
    const seconds = (Date.now() - this.began) / 1000;
    const { right, all } = page.result;
    if (page.at !== this.at) this.least = 0;
    this.at = page.at;
    for (const [key, value] of Object.entries(this.found.report({ right: Math.max(right, this.least), all, seconds }))) this.call("set", key, value);
    const { text, unkept } = packedState(page, this.found.most);
    page.unkept = unkept;
    this.call("set", this.found.state, text);
    this.call("commit", "");
  }
}

// The browser's own store, where there is no platform.
class Browser {
  constructor({ title, versions }) {
    this.key = `chalkwork ${title} ${versions.map((one) => one.code).join()}`;
  }

  restore(page) {
    const { state, attempts } = JSON.parse(window.localStorage.getItem(this.key));
    unpackState(page, state);
    page.attempts = attempts;
  }

  keep(page) {
    try {
      window.localStorage.setItem(this.key, JSON.stringify({ state: packedState(page).text, attempts: page.attempts }));
    } catch {
      // the browser keeps nothing for this page: it lasts as long as it is open
    }
  }
}
