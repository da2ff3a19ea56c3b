package git_test

import (
	"encoding/json"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

const someHash = "3f2a1c9e00112233445566778899aabbccddeeff"

func TestARevisionPrintsShortAndIsWrittenInFull(t *testing.T) {
	r := git.Revision{Ref: "team/main", Hash: someHash}
	if got := r.String(); got != "team/main@sha1:3f2a1c9" {
		t.Errorf("String() = %q", got)
	}
	if got := (git.Revision{}).String(); got != "none" {
		t.Errorf("zero String() = %q", got)
	}
	commit := git.Revision{Hash: someHash}
	if got := commit.String(); got != "sha1:3f2a1c9" {
		t.Errorf("String() of a commit = %q", got)
	}
	for _, want := range []git.Revision{r, {}, {Ref: "a@sha1:b", Hash: someHash}, commit} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got := git.Revision{Ref: "other", Hash: someHash}
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s reads back as %+v, %v", text, got, err)
		}
	}
}

func TestParseRevisionRefusesWhatIsNone(t *testing.T) {
	for _, text := range []string{"main", "main@sha1:", "main@sha1:3f2a1c9", "@sha1:" + someHash, someHash, "main@sha256:" + someHash} {
		if r, err := git.ParseRevision(text); err == nil {
			t.Errorf("ParseRevision(%q) = %+v, want an error", text, r)
		}
	}
}
