package git_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

const password = "hunter2"

// refused are addresses that no network call may be made for.
var refused = []string{
	"",
	"https://ada:hunter2@git.example.com/a.git",
	"https://hunter2@git.example.com/a.git",
	"http://ada:hunter2@git.example.com/a.git",
	"https://ada:hunter2@git.example.com:port/a.git",
	"https://ada:hunter2@[::1/a.git",
	"https://ada:%zzhunter2@git.example.com/a.git",
	"https://git.example.com/a.git?token=hunter2",
	"https://git.example.com/a.git#hunter2",
	"https:///hunter2",
	"https://-oProxyCommand=hunter2/a.git",
	"ssh://-oProxyCommand=hunter2/a.git",
	"ssh://git:hunter2@git.example.com/a.git",
	"ssh://ada:hunter2@git.example.com:2222/a.git",
	"ssh://git.example.com/hunter2",
	"ssh://git@-oProxyCommand=hunter2/a.git",
	"ssh://-oProxyCommand=hunter2@git.example.com/a.git",
	"ssh://-l@git.example.com/hunter2.git",
	"ssh://a b@git.example.com/hunter2.git",
	"ssh://git@git.example.com",
	"ssh://git@git.example.com/",
	"ssh://git@git.example.com/a%0ahunter2",
	"ssh://git@git.example.com/a.git?hunter2",
	"ssh://git@git.example.com:99999/hunter2",
	"git+ssh://git@git.example.com/hunter2",
	"git.example.com:hunter2/a.git",
	"ada:hunter2@git.example.com:a.git",
	"git@-oProxyCommand=hunter2:a.git",
	"-oProxyCommand=hunter2@git.example.com:a.git",
	"git@git.example.com:--upload-pack=hunter2",
	"git@git.example.com:",
	"git@git.example.com:a\u202ehunter2",
	"git@[::1]:hunter2/a.git",
	"git@git.example.com:a:hunter2@b",
	"git@:hunter2",
	"@git.example.com:hunter2",
	"git://git.example.com/hunter2.git",
	"file:///hunter2",
	"file:hunter2",
	"file:/hunter2",
	"https:/ada:hunter2@git.example.com/a.git",
	"FILE:///hunter2",
	"ext::sh -c hunter2",
	"hunter2::https://git.example.com/a.git",
	"ftp://ada:hunter2@git.example.com/a.git",
	"hunter2://git.example.com/a.git",
	"https://git.example.com/\nhunter2",
	"folder\x00hunter2",
	"https://git.example.com:99999/a.git",
}

func TestAddressesThatAreNotSafeAreRefusedWithoutTheirText(t *testing.T) {
	for _, address := range refused {
		_, err := git.Open(git.Options{URL: address, Dir: t.TempDir()})
		if !errors.Is(err, git.ErrURL) {
			t.Errorf("open %q: %v", address, err)
		} else if strings.Contains(err.Error(), password) {
			t.Errorf("open %q prints the password: %v", address, err)
		}
	}
}

func TestBranchesThatAreNotNamesAreRefused(t *testing.T) {
	for _, branch := range []string{
		"refs/heads/../../config", "../config", "a..b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "-a", "@", "a@{1}",
		"a b", "a\nb", "a:b", "a^", "a~1", "a*", "a?", "a[", `a\b`, "a.", "refs/heads/main", "\x7f", strings.Repeat("a", 300),
	} {
		if _, err := git.Open(git.Options{URL: newRepo(t).dir, Branch: branch}); !errors.Is(err, git.ErrURL) {
			t.Errorf("open branch %q: %v", branch, err)
		}
	}
}

func TestCheckRefusesWhatOpenRefusesAndLooksAtNothing(t *testing.T) {
	for _, address := range refused {
		_, want := git.Open(git.Options{URL: address, Dir: t.TempDir()})
		err := git.Options{URL: address}.Check()
		if !errors.Is(err, git.ErrURL) || !strings.HasSuffix(want.Error(), err.Error()) {
			t.Errorf("check %q: %v, open: %v", address, err, want)
		}
	}
	for _, branch := range []string{"../config", "refs/heads/main", "a b"} {
		if err := (git.Options{URL: "https://git.example.com/a.git", Branch: branch}).Check(); !errors.Is(err, git.ErrURL) {
			t.Errorf("check branch %q: %v", branch, err)
		}
	}
	for _, address := range []string{"https://git.example.com:8443/a.git", "no/such/folder"} {
		if err := (git.Options{URL: address, Branch: "a/b"}).Check(); err != nil {
			t.Errorf("check %q: %v", address, err)
		}
	}
}

func TestAnAddressPrintsWithoutATrailingSlash(t *testing.T) {
	for address, want := range map[string]string{
		"https://git.example.com/team/a.git/":  "https://git.example.com/team/a.git",
		"http://[::1]:8080/a%20b.git":          "http://[::1]:8080/a%20b.git",
		"HTTPS://git.example.com:8443/a%2Fb//": "https://git.example.com:8443/a%2Fb",
		"ssh://git@git.example.com:2222/~ada/": "ssh://git@git.example.com:2222/~ada",
		"git@git.example.com:team/a.git/":      "git@git.example.com:team/a.git",
		"git@git.example.com:/srv/a.git":       "git@git.example.com:/srv/a.git",
	} {
		o := git.Options{URL: address, Dir: t.TempDir()}
		if strings.Contains(address, "git@") {
			o.Credentials = t.TempDir()
		}
		if got := openWith(t, o).String(); got != want {
			t.Errorf("open %q prints %q, want %q", address, got, want)
		}
	}
}

func TestARemoteNeedsACacheFolder(t *testing.T) {
	if _, err := git.Open(git.Options{URL: "https://git.example.com/a.git"}); !errors.Is(err, git.ErrURL) {
		t.Errorf("open: %v", err)
	}
}

// FuzzNoAddressPrintsItsPassword puts a password wherever one may stand: behind a user, in a URL and in ssh's short form, and
// as credentials or a proxy may bring it along.
func FuzzNoAddressPrintsItsPassword(f *testing.F) {
	for _, address := range append(refused, "ssh://git@git.example.com:22/a.git", "git@git.example.com:a.git") {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if before, rest, ok := strings.Cut(address, "://"); ok {
			rest = rest[strings.LastIndexByte(rest, '@')+1:]
			neverPrints(t, address, git.Options{URL: before + "://ada:" + password + "@" + rest})
			neverPrints(t, address, git.Options{URL: before + "://ada:" + password + "@" + rest, Credentials: "none"})
			neverPrints(t, address, git.Options{URL: "https://git.example.com", Proxy: before + "://ada:" + password + "@" + rest})
			return
		}
		host := address[strings.LastIndexByte(address, '@')+1:]
		neverPrints(t, address, git.Options{URL: "ada:" + password + "@" + host, Credentials: "none"})
	})
}

func neverPrints(t *testing.T, address string, o git.Options) {
	t.Helper()
	o.Dir = "cache"
	r, err := git.Open(o)
	if err == nil {
		_ = r.Close()
		t.Fatalf("%q with a password was accepted as %s", address, r)
	}
	if strings.Contains(strings.ReplaceAll(err.Error(), address, ""), password) {
		t.Fatal(err)
	}
}

func TestAURLWithASlashTooFewIsNotTakenForAHost(t *testing.T) {
	for _, text := range []string{"file:a", "file:/a", "https:git.example.com/a", "HTTP:/git.example.com/a", "ssh:git@git.example.com/a"} {
		_, err := git.Open(git.Options{URL: text, Dir: t.TempDir()})
		if !errors.Is(err, git.ErrURL) || !strings.Contains(err.Error(), "lacks the two slashes of a URL") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
