package webhook_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-dev/lockstep/git/webhook"
)

const next = "the one that comes after it"

// accepts says which of the secrets a receiver with those at a path takes.
func accepts(t *testing.T, secrets *webhook.Secrets, keys ...string) string {
	t.Helper()
	r := webhook.NewReceiver()
	r.Set([]webhook.Target{{Provider: webhook.Generic, Secrets: secrets, Repository: address, Wake: func() {}}})
	var taken []string
	for _, key := range keys {
		request := httptest.NewRequest(http.MethodPost, "/hooks/generic", nil)
		request.Header = signed(webhook.Generic, "", key, nil)
		answer := httptest.NewRecorder()
		r.Handler().ServeHTTP(answer, request)
		switch answer.Code {
		case http.StatusAccepted:
			taken = append(taken, key)
		case http.StatusUnauthorized:
		default:
			t.Errorf("answered %d", answer.Code)
		}
	}
	return strings.Join(taken, ", ")
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestARotatedSecretIsReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	synctest.Test(t, func(t *testing.T) {
		secrets := webhook.NewSecrets(file)
		for _, step := range []struct{ text, want string }{
			{"", ""},
			{secret, secret},
			{secret + "\r\n\n" + next + "\n", secret + ", " + next},
			{next, next},
		} {
			put(t, file, step.text)
			time.Sleep(time.Second)
			if got := accepts(t, secrets, secret, next); got != step.want {
				t.Errorf("with %q it takes %q", step.text, got)
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := accepts(t, secrets, secret, next, ""); got != "" {
			t.Errorf("without its file it takes %q", got)
		}
	})
}

func TestTheFilesOfAFolderAreSecretsTogether(t *testing.T) {
	dir := t.TempDir()
	mounted := filepath.Join(dir, "..2026_01_02")
	if err := os.Mkdir(mounted, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(mounted, "old"), secret)
	put(t, filepath.Join(mounted, "new"), next+"\n")
	for link, target := range map[string]string{"..data": "..2026_01_02", "old": "..data/old", "new": "..data/new"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if got := accepts(t, webhook.NewSecrets(dir), secret, next); got != secret+", "+next {
		t.Errorf("takes %q", got)
	}
}

func TestSecretsThatAreNotRightAreNoneAndAreNotTold(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"none":       {"\n \n", "holds none"},
		"too short":  {secret + "\nfifteen letters\n", "shorter than 16 characters"},
		"too many":   {strings.Repeat(secret+"\n", 11), "more than 10"},
		"a log file": {strings.Repeat(secret, 1000), "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "secret")
			put(t, file, c.text)
			secrets := webhook.NewSecrets(file)
			err := secrets.Check()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
				t.Fatalf("checked: %v", err)
			}
			if strings.Contains(err.Error(), "horse") || strings.Contains(err.Error(), "fifteen") {
				t.Errorf("it quotes the secret: %v", err)
			}
			if got := accepts(t, secrets, secret, "fifteen letters", ""); got != "" {
				t.Errorf("takes %q", got)
			}
		})
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), "/dev/null"} {
		if err := webhook.NewSecrets(path).Check(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestWhoRunsItIsToldWhySecretsCannotBeRead(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	r := webhook.NewReceiver()
	r.Set([]webhook.Target{{Provider: webhook.Generic, Secrets: webhook.NewSecrets(gone), Repository: address, Wake: func() {}}})
	var told webhook.Refusal
	r.Refused = func(refusal webhook.Refusal) { told = refusal }
	request := httptest.NewRequest(http.MethodPost, "/hooks/generic", nil)
	request.Header = signed(webhook.Generic, "", secret, nil)
	answer := httptest.NewRecorder()
	r.Handler().ServeHTTP(answer, request)
	if told.Err == nil || !strings.Contains(told.Err.Error(), gone) {
		t.Errorf("told %+v", told)
	}
	if answer.Code != http.StatusUnauthorized || answer.Body.String() != "wrong signature\n" {
		t.Errorf("answered %d %q", answer.Code, answer.Body)
	}
}

func TestATokenIsHeldOrNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	const one, two = "the-first-of-the-tokens", "the-second-of-the-tokens"
	if err := os.WriteFile(path, []byte(one+"\n"+two+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := webhook.NewSecrets(path)
	for token, want := range map[string]bool{one: true, two: true, "": false, one + two: false, one[:16]: false, one + "\n": false} {
		if held, err := s.Hold(token); held != want || err != nil {
			t.Errorf("%q: %t, %v", token, held, err)
		}
	}
	if held, err := webhook.NewSecrets(path + ".gone").Hold(""); held || err == nil {
		t.Errorf("without a file: %t, %v", held, err)
	}
}
