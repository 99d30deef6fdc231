CREATE TABLE users (user_id INTEGER, segment TEXT, avg_spend REAL, region TEXT);
INSERT INTO users VALUES (9007199254740993, 'gold', 12.5, 'eu'), (9007199254740992, 'lead', 3, 'us'), (7, NULL, NULL, NULL);
CREATE TABLE regions (region TEXT, rate REAL);
INSERT INTO regions VALUES ('eu', 0.25), ('us', 0.5);
