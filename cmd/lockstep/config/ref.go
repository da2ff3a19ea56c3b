package config

import (
	"github.com/lockstep-dev/lockstep/git"
)

// ref returns what names a ref, "" for none.
func (v value) ref(of func(text string) git.Ref) string {
	text, ok := v.text()
	if !ok || text == "" {
		return ""
	}
	switch err := (git.Options{URL: ".", Ref: of(text)}).Check(); {
	case err != nil && quoted(text) == "":
		v.fail("not a valid one")
	case err != nil:
		v.fail("%s", err)
	}
	return text
}

// refFields take the ways but for the branch.
func (r *Repository) refFields(known fields) fields {
	known["ref.tag"] = func(v value) { r.Ref.Tag = v.ref(func(text string) git.Ref { return git.Ref{Tag: text} }) }
	known["ref.semver"] = func(v value) { r.Ref.SemVer = v.ref(func(text string) git.Ref { return git.Ref{SemVer: text} }) }
	known["ref.name"] = func(v value) { r.Ref.Name = v.ref(func(text string) git.Ref { return git.Ref{Name: text} }) }
	known["ref.commit"] = func(v value) { r.Ref.Commit = v.ref(func(text string) git.Ref { return git.Ref{Commit: text} }) }
	return known
}

// oneRef refuses more than one way to say what is live. The default branch is only where there is none.
func (e *entry) oneRef(r *Repository) {
	if r.Ref.IsZero() {
		return
	}
	if _, branch := e.lines["ref.branch"]; !branch {
		r.Branch = ""
	}
	if err := (git.Options{URL: ".", Branch: r.Branch, Ref: r.Ref}).Check(); err != nil && !e.refused() {
		e.fail(e.line, "ref: want one of branch, tag, semver, name and commit")
	}
}

// signatures refuses keys that nothing would be checked with, and signatures that nothing could be checked with.
func (e *entry) signatures(r Repository) {
	switch {
	case r.Signatures && r.Keys == "":
		e.fail(e.lineOf("verify.signatures"), "verify.keys: missing; want the folder of the keys that may sign")
	case !r.Signatures && r.Keys != "":
		e.fail(e.lineOf("verify.keys"), "verify.signatures: want required: with none the keys are for nothing")
	}
}
