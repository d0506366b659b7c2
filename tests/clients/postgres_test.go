package clients

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	understudy "github.com/understudy-go/understudy/api"
)

// sleep runs a query that goes on for a minute.
func sleep(db *sql.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "SELECT pg_sleep(60)")
		return err
	}
}

// requireCode requires an error that PostgreSQL answered.
func requireCode(t *testing.T, code string, err error) {
	t.Helper()
	var answer *pgconn.PgError
	require.ErrorAs(t, err, &answer)
	require.Equal(t, code, answer.Code)
}

const (
	queryCanceled = "57014"
	adminShutdown = "57P01"
)

// Promise (Clients): A query past the limit of a Timeout is a TimeoutError, and a failure.
func TestAQueryPastTheLimitIsATimeout(t *testing.T) {
	db, s := openPostgres(t, ""), start(t)
	require.NoError(t, db.PingContext(t.Context()))
	b := breaker(t, s, understudy.BreakerConfig{})
	for _, cooperative := range []bool{true, false} {
		before := counts(t, b)
		timeout := understudy.TimeoutConfig{Limit: short, Cooperative: cooperative}
		err := understudy.Run(t.Context(), understudy.Compose(timeout, b), sleep(db))
		var timedOut *understudy.TimeoutError
		require.ErrorAs(t, err, &timedOut, "cooperative %t: %v", cooperative, err)
		require.Equal(t, before.Failures+1, counts(t, b).Failures)
	}
}

// The server ends the statement by itself: no limit of the client has passed.
//
// Promise (Clients): The statement_timeout of PostgreSQL is a failure that is retried, not a TimeoutError.
func TestAStatementTimeoutIsAFailure(t *testing.T) {
	db, s := openPostgres(t, "statement_timeout=50ms"), start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	retry, err := s.Retry("postgres", understudy.RetryConfig{MaxAttempts: 2, InitialDelay: 1})
	require.NoError(t, err)

	err = understudy.Run(t.Context(), understudy.Compose(retry, understudy.Timeout(long), b), sleep(db))
	require.ErrorIs(t, err, understudy.ErrExhausted)
	require.NotErrorIs(t, err, understudy.ErrTimeout)
	requireCode(t, queryCanceled, err)
	require.Equal(t, uint64(2), counts(t, b).Failures)
}

// pgx returns context.Canceled or the cause, and the server may answer first that it has
// cancelled the query.
//
// Promise (Clients): Callers that leave with a cause of their own are ignored.
func TestCallersThatLeaveAQueryAreIgnored(t *testing.T) {
	db, s := openPostgres(t, ""), start(t)
	require.NoError(t, db.PingContext(t.Context()))
	b := breaker(t, s, understudy.BreakerConfig{})
	for range 3 {
		ctx, cancel := context.WithCancelCause(t.Context())
		err := b.Run(ctx, func(ctx context.Context) error {
			go cancel(errBoom)
			return sleep(db)(ctx)
		})
		require.Error(t, err)
	}
	require.Equal(t, uint64(3), counts(t, b).Ignored)
	require.Equal(t, understudy.Closed, b.State())
}

// Promise (Clients): A connection that PostgreSQL terminates is a failure, and the next attempt gets a new one.
func TestATerminatedConnectionIsRetried(t *testing.T) {
	db, s := openPostgres(t, ""), start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	retry, err := s.Retry("postgres", understudy.RetryConfig{InitialDelay: 1, OnRetry: func(err error, _ int, _ time.Duration) {
		requireCode(t, adminShutdown, err)
	}})
	require.NoError(t, err)

	answer, err := understudy.Do(t.Context(), understudy.Compose(retry, b), func(ctx context.Context) (answer int, err error) {
		query := "SELECT 42"
		if understudy.Attempt(ctx) == 1 {
			query = "SELECT pg_terminate_backend(pg_backend_pid())::int"
		}
		err = db.QueryRowContext(ctx, query).Scan(&answer)
		return answer, err
	})
	require.NoError(t, err)
	require.Equal(t, 42, answer)
	stats := counts(t, b)
	require.Equal(t, []uint64{1, 1}, []uint64{stats.Failures, stats.Successes})
}
