package main

import (
	"fmt"
	"io"
	"time"
)

// quiet is how long a reader of plain lines is left without one.
const quiet = 30 * time.Second

// progress tells how far a build is: one line that is rewritten on a terminal, elsewhere a line for each tenth and at
// least one in half a minute.
type progress struct {
	out         io.Writer
	terminal    bool
	total, done int
	began, last time.Time // when it started, and when something was told last
	text        string    // what is being done, when it is not compiling
	tenths      int       // told so far
}

func newProgress(out io.Writer, terminal bool) *progress {
	now := time.Now()
	return &progress{out: out, terminal: terminal, began: now, last: now, text: "looking for what is to be done"}
}

// say prints a line that stays.
func (p *progress) say(line string) { _, _ = fmt.Fprintln(p.out, line) }

// note says what is being done before it is known how much there is to do.
func (p *progress) note(text string) { p.text = text }

// start says how many packages there are to compile.
func (p *progress) start(total int) {
	p.total, p.text = total, ""
	p.tick(time.Now())
}

// add counts a package.
func (p *progress) add() {
	p.done++
	now := time.Now()
	if tenths := p.percent() / 10; tenths > p.tenths {
		p.tenths = tenths
		p.print(now)
	}
	p.tick(now)
}

// tick lets the time that has passed show.
func (p *progress) tick(now time.Time) {
	if p.terminal || now.Sub(p.last) >= quiet {
		p.print(now)
	}
}

func (p *progress) print(now time.Time) {
	p.last = now
	if p.terminal {
		const eraseLine = "\r\x1b[2K"
		_, _ = fmt.Fprint(p.out, eraseLine+p.line(now))
		return
	}
	p.say(p.line(now))
}

func (p *progress) line(now time.Time) string {
	passed := now.Sub(p.began).Round(time.Second)
	switch {
	case p.text != "":
		return fmt.Sprintf("%s, %s so far", p.text, passed)
	case p.done >= p.total:
		return fmt.Sprintf("linking, %s so far", passed)
	default:
		return fmt.Sprintf("compiled %d of %d packages (%d %%), %s so far", p.done, p.total, p.percent(), passed)
	}
}

func (p *progress) percent() int { return p.done * 100 / max(p.total, 1) }

// finish ends the line, and says how long it took.
func (p *progress) finish() {
	if p.terminal {
		p.say("")
	}
	p.say("Built in " + time.Since(p.began).Round(time.Second).String() + ".")
}
