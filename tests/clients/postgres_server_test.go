package clients

import (
	"database/sql"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
)

// postgres is the server that all tests share, because it takes seconds to make one.
var postgres struct {
	sync.Mutex
	*server
	dir, host, port string
}

// openPostgres returns a database of the server, with settings of the form "key=value".
func openPostgres(t *testing.T, settings string) *sql.DB {
	t.Helper()
	postgres.Lock()
	defer postgres.Unlock()
	if postgres.server == nil {
		startPostgres(t)
	}
	db, err := sql.Open("pgx", fmt.Sprintf("host=%s port=%s user=test dbname=postgres sslmode=disable %s", postgres.host, postgres.port, settings))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func startPostgres(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "postgres")
	require.NoError(t, err)
	postgres.dir = dir
	owner := ""
	if os.Getuid() == 0 { // as which PostgreSQL refuses to run
		owner = "postgres"
		account, err := user.Lookup(owner)
		require.NoError(t, err)
		id, err := strconv.Atoi(account.Uid)
		require.NoError(t, err)
		require.NoError(t, os.Chown(dir, id, -1))
	}
	data := filepath.Join(dir, "data")
	out, err := as(owner, executable(t, "initdb"), "-D", data, "-U", "test", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8").CombinedOutput()
	require.NoError(t, err, string(out))
	postgres.host, postgres.port = address(t)
	postgres.server = serve(t, owner, "database system is ready to accept connections", "postgres", "-D", data, "-F",
		"-h", postgres.host, "-p", postgres.port, "-c", "unix_socket_directories=")
}

// endPostgres ends the server, if a test started it.
func endPostgres() {
	if postgres.server != nil {
		postgres.stop()
	}
	_ = os.RemoveAll(postgres.dir) // "" is none
}
